"""What the user did while the script stood still: changed something, or had it left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.views import numbers
from gradstep.views.cards.card import Draft, brief
from gradstep.views.cards.preview import write_coming
from gradstep.views.coming import Live
from gradstep.views.reading import one, phase_entry
from gradstep.views.text import line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow


def explain_edited(draft: Draft, event: EventRow, live: Live | None = None) -> None:
    """Write the card of a change that the user made, and what the next step makes of it."""
    moment, arrow = draft.moment, draft.glyphs.arrow
    draft.head("edited", "warning", (f"  by {_who(event)}", "dim"))
    if event.kind == "written":
        tensors = moment.run.tensors(event.seq)
        what, name = str(event.detail.get("what", "")), str(event.detail.get("parameter", ""))
        shown = one(tensors, "after") if what == "grad" else one(tensors, "param")
        label = {"grad": f"{name}.grad", "state": f"state of {name}"}.get(what, name)
        now = brief(moment, shown) if shown is not None else "None"
        draft.add((label, "leaf"), (" is now ", "dim"), (now if what != "state" else "changed"))
        return
    text = str(event.detail.get("text", ""))
    if text:
        draft.add((" ".join(text.split()), "accent"))
    changed = [str(name) for name in event.detail.get("changed") or ()]
    if changed:
        draft.add(("changed ", "dim"), ", ".join(changed))
    for hyper in event.detail.get("hyper") or ():
        draft.add(
            line((f"{hyper.get('name')} ", "leaf")),
            line(f"{numbers.hyper(hyper.get('before'))} {arrow} "),
            line((numbers.hyper(hyper.get("after")), "bold")),
        )
    if not changed and not event.detail.get("hyper"):
        draft.say("No parameter, gradient, optimizer state or hyper-parameter changed.")
    entry = phase_entry(moment, event)
    if entry is not None and entry.phase == "step":
        draft.blank()
        write_coming(draft, event, live)


def explain_skipped(draft: Draft, event: EventRow) -> None:
    """Write the card of a step, or of one parameter's update, that the user had left out."""
    param = one(draft.moment.run.tensors(event.seq), "param")
    draft.head(event.name or "step", "warning", ("  skipped by the user", "warning"))
    if param is None:
        draft.say(
            "step() returns None without having changed anything; a closure and the hooks around "
            "it are not called. It does not count as a step."
        )
    else:
        draft.say("This update is left out: the parameter and its state stay as they are.")
        draft.tensor = param.tensor


def _who(event: EventRow) -> str:
    return "the user, in the console" if event.detail.get("by") == "console" else "the user"
