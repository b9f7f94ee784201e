"""The card that explains one event with this run's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from gradstep.views.cards import (
    edited,
    ended,
    finish,
    forward,
    gradients,
    loop,
    node,
    preview,
    update,
)
from gradstep.views.cards.card import Card, Draft
from gradstep.views.coming import Live
from gradstep.views.glyphs import UNICODE, Glyphs

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment

__all__ = ["Card", "explain"]

Writer = Callable[[Draft, "EventRow"], None]

BY_KIND: Final[Mapping[str, Writer]] = {
    "run_started": loop.explain_start,
    "run_finished": finish.explain_finish,
    "phase_exited": ended.explain_exit,
    "op": forward.explain_op,
    "graph_cut": forward.explain_cut,
    "node": node.explain_node,
    "accumulated": gradients.explain_accumulated,
    "zeroed": gradients.explain_zeroed,
    "optimizer_created": loop.explain_created,
    "updated": update.explain_updated,
    "skipped": edited.explain_skipped,
    "scheduled": loop.explain_scheduled,
    "clipped": loop.explain_clipped,
    "fetched": loop.explain_fetched,
    "mode_changed": loop.explain_mode,
    "written": loop.explain_written,
    "line": loop.explain_line,
    "output": loop.explain_output,
}

BY_PHASE: Final[Mapping[str, Writer]] = {
    "zero_grad": preview.explain_zero_grad,
    "forward": loop.explain_forward,
    "backward": loop.explain_backward,
}


def explain(
    moment: Moment,
    *,
    selected: int | None = None,
    element: tuple[int, ...] | None = None,
    width: int = 72,
    glyphs: Glyphs = UNICODE,
    live: Live | None = None,
) -> Card:
    """Explain the event under the cursor, or the event `selected` (e.g. the op of a graph row).

    A selected op whose backward node has run by now gets the node's card. `element` chooses the
    element whose numbers are shown, by default the one of largest magnitude. The first line of the
    card carries the title; no line is wider than `width`. `live` is what the script's process
    worked out of the step to come.
    """
    event = moment.event
    if selected is not None and selected != event.seq:
        event = _ran(moment, moment.run.event(selected))
    draft = Draft(moment, event.seq, width, glyphs, element)
    writer = BY_KIND.get(event.kind)
    if event.kind == "phase_entered":
        writer = BY_PHASE.get(event.phase)
    if event.kind == "phase_entered" and event.phase == "step":
        preview.explain_step(draft, event, live)
    elif event.kind in ("edited", "written") and event.detail.get("by"):
        edited.explain_edited(draft, event, live)
    elif writer is None:
        draft.head(event.name or event.kind, "")
    else:
        writer(draft, event)
    return draft.done()


def _ran(moment: Moment, event: EventRow) -> EventRow:
    """Give the node that has run for an op, the event under the cursor first, else the op."""
    if event.kind != "op" or event.seq > moment.event.seq:
        return event
    if moment.event.kind == "node" and moment.event.op == event.seq:
        return moment.event
    found = [
        row
        for row in moment.run.events(event.seq, moment.event.seq + 1, kinds=("node",))
        if row.op == event.seq
    ]
    return found[-1] if found else event
