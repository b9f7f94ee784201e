"""Reads what a user types to go somewhere: `34`, `event 34`, `step 3`, `iter 2`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

_FORM = re.compile(r"\s*(event|e|step|s|iteration|iter|it|i)?\s*#?\s*([\d,]+)\s*", re.IGNORECASE)


class GotoError(ValueError):
    """A place that does not exist; the text is one line for the user."""


def place_to_seq(text: str, run: RunTrace, head: int) -> int:
    """Return the event that a place means.

    Raises:
        GotoError: the text is no place, or the run has not been there.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise GotoError("write an event number such as 34, or: step 3, iter 2")
    kind = (found[1] or "event").lower()[0]
    number = int(found[2].replace(",", ""))
    if kind == "e":
        if not 1 <= number <= head:
            raise GotoError(f"no event {number:,}: there are events 1 to {head:,}")
        return number
    if kind == "s":
        seq = run.seq_of_step(number)
        if seq is None:
            raise GotoError(f"optimizer step {number:,} has not happened in this run")
        return seq
    seq = run.first_seq_of_iteration(number)
    if seq is None:
        raise GotoError(f"iteration {number:,} has not happened in this run")
    return seq
