"""The end of a run: how it ended, what became of the loss, and what kept parameters from it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gradstep.trace.wiring import wiring
from gradstep.views import numbers
from gradstep.views.cards.card import Draft
from gradstep.views.connection_texts import hole_words

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow

MOST_SHOWN: Final = 6
MOST_LOSSES: Final = 20_000
"""Of longer runs no first loss that is not finite is looked for: all would have to be read."""


def explain_finish(draft: Draft, event: EventRow) -> None:
    """Write the card of the end of a run, with the error that ended it."""
    error = event.detail.get("error")
    if error:
        draft.head(str(error.get("type", "error")), "error", ("  ended the run", "dim"))
        for text in str(error.get("message", "")).splitlines()[:MOST_SHOWN]:
            draft.say(text, "error")
        last = [t for t in str(error.get("traceback", "")).splitlines() if "File " in t][-1:]
        for text in last:
            draft.say(text.strip())
        return
    status = event.detail.get("exit_status")
    draft.head(
        "the script ended",
        "success" if status in (0, None) else "warning",
        (f"  exit status {status}", "dim"),
    )
    _write_course(draft, event)
    _write_holes(draft)


def _write_course(draft: Draft, event: EventRow) -> None:
    """Write what became of the loss, and where it stopped being a number."""
    run = draft.moment.run
    course = run.course(event.seq)
    if course is None:
        return
    begun, latest, calls = course
    draft.add(
        ("loss ", "dim"),
        numbers.number(begun[3]),
        f" {draft.glyphs.arrow} ",
        (numbers.number(latest[3]), "bold"),
        (f" over {numbers.plural(calls, 'backward call')}", "dim"),
    )
    if math.isfinite(latest[3]) or calls > MOST_LOSSES:
        return
    seq, iteration, *_ = next(one for one in run.losses(event.seq) if not math.isfinite(one[3]))
    draft.add(
        (f"{draft.glyphs.warning} first not finite in iteration ", "error"),
        (numbers.count(iteration), "error bold"),
        (f"  {draft.glyphs.arrow} event {numbers.count(seq)}", "dim"),
    )


def _write_holes(draft: Draft) -> None:
    """Say what keeps parameters from learning, as of the end."""
    found = wiring(draft.moment)
    if found.holes:
        draft.say(f"{draft.glyphs.warning} {hole_words(found)}", "warning")
        draft.say("The connection view has a row for each.")
