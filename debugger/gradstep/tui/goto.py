"""Reads where a user wants to go: `34`, `+100`, `end`, `step 3`, `line 42`, `50%`, a mark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gradstep.protocol.place import place
from gradstep.trace import line_stops, scan

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

_FORM = re.compile(
    r"(event|e|step|s|iteration|iter|it|i|line|l)?\s*([-+])?\s*#?\s*([\d,_]+)", re.IGNORECASE
)
_SHARE = re.compile(r"(\d+(?:\.\d+)?)\s*%")
HINT = "34, +100, -100, step 3, iter 2, line 42, 50%, start, end, or a mark's letter"


class GotoError(ValueError):
    """A place that does not exist; the text is one line for the user."""


def place_to_seq(
    text: str, run: RunTrace, head: int, cursor: int = 1, marks: Mapping[str, int] | None = None
) -> int:
    """Return the event that a place means, seen from the event `cursor`.

    Raises:
        GotoError: the text is no place, or the run has not been there.
    """
    text = text.strip()
    known = marks or {}
    letter = text.removeprefix("'")
    if letter in known:
        return known[letter]
    if text.lower() in ("start", "begin", "beginning"):
        return 1
    if text.lower() in ("end", "now"):
        return head
    share = _SHARE.fullmatch(text)
    if share is not None:
        if float(share[1]) > 100:
            raise GotoError("a share of the run is at most 100%")
        return max(1, round(head * float(share[1]) / 100))
    found = _FORM.fullmatch(text)
    if found is None:
        if len(letter) == 1 and letter.isalpha():
            raise GotoError(f"there is no mark {letter}; m and a letter set one")
        raise GotoError(f"write {HINT}")
    kind = (found[1] or "event").lower()[0]
    number = int(re.sub("[,_]", "", found[3]) or 0)
    return _numbered(kind, found[2] or "", number, run, head, cursor)


def _numbered(kind: str, sign: str, number: int, run: RunTrace, head: int, cursor: int) -> int:
    if kind == "l":
        return _line(number, run, head, cursor)
    by = {"": 0, "+": number, "-": -number}[sign]
    if kind == "e":
        wanted = cursor + by if sign else number
        if not 1 <= wanted <= head:
            raise GotoError(f"no event {wanted:,}: there are events 1 to {head:,}")
        return wanted
    row = run.event(cursor) if sign else None
    if kind == "s":
        wanted = row.step + by if row else number
        seq = run.seq_of_step(wanted)
        if seq is None:
            raise GotoError(f"optimizer step {wanted:,} has not happened in this run")
        return seq
    wanted = row.iteration + by if row else number
    seq = run.first_seq_of_iteration(wanted) if wanted >= 0 else None
    if seq is None:
        raise GotoError(f"iteration {wanted:,} has not happened in this run")
    return seq


def _line(number: int, run: RunTrace, head: int, cursor: int) -> int:
    """Find the next event of a source line, else the first one of the run."""
    file = place(run.event(cursor))[0] or run.info.script
    wanted = line_stops.has_place(run) & line_stops.on_line(run, file, number)
    for start, stop in ((cursor + 1, head + 1), (1, cursor + 1)):
        seq = scan.run_through(scan.first(run, wanted, start, stop))
        if seq is not None:
            return seq
    raise GotoError(f"line {number:,} of this file has no event in this run")
