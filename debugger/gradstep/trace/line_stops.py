"""Where lines of the user's begin among recorded events, asked of the database.

A line begins at its `line` event, or, where it was not stepped through, at the first event that it
caused. `protocol/motions.py` says the same row by row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.protocol.place import place, same_file
from gradstep.protocol.row import STEPPABLE, EventRow
from gradstep.trace import scan
from gradstep.trace.scan import Predicate, Steps

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace


def first(run: RunTrace, wanted: Predicate, start: int, end: int) -> Steps[int | None]:
    """Find the first event in (`start`, `end`] at which a line begins that is `wanted`."""
    placed = has_place(run)
    latest = yield from scan.last(run, placed, 1, start + 1)
    if wanted is scan.ALWAYS:
        return (yield from scan.first(run, placed & _other(run, latest), start + 1, end + 1))
    while True:
        found = yield from scan.first(run, placed & wanted, start + 1, end + 1)
        if found is None or run.event(found).kind == "line":
            return found
        before = yield from scan.last(run, placed, 1, found)
        if before is None or place(run.event(before)) != place(run.event(found)):
            return found
        # In the middle of what the line has caused: look behind that.
        following = yield from scan.first(run, placed & _other(run, found), found + 1, end + 1)
        if following is None:
            return None
        start = following - 1


def last(run: RunTrace, wanted: Predicate, stop: int) -> Steps[int | None]:
    """Find the last event before `stop` at which a line begins that is `wanted`."""
    placed = has_place(run)
    found = yield from scan.last(run, placed & wanted, 1, stop)
    if found is None or run.event(found).kind == "line":
        return found
    before = yield from scan.last(run, placed & _other(run, found), 1, found)
    if before is not None:
        edge = run.event(before)
        if edge.kind == "line" and place(edge) == place(run.event(found)):
            return before
    return (yield from scan.first(run, placed, (before or 0) + 1, found + 1))


def _other(run: RunTrace, seq: int | None) -> Predicate:
    """Hold where another line runs than at an event, or a line begins."""
    begins = scan.of_kind(run, "line")
    return scan.ALWAYS if seq is None else begins | ~_same_line(run, run.event(seq))


def _same_line(run: RunTrace, row: EventRow) -> Predicate:
    file, line = place(row)
    return _at(scan.matching_texts(run, lambda text: text == file), line)


def on_line(run: RunTrace, file: str, line: int) -> Predicate:
    """Hold where the user's line that caused an event is this one; `file` as a person writes it."""
    files = scan.matching_texts(run, lambda text: same_file(file, text))
    return _at(files, line)


def has_place(run: RunTrace) -> Predicate:
    """Hold where an event says which line runs."""
    is_edge = scan.text_is(run, "phase", "forward") & scan.of_kinds(
        run, ("phase_entered", "phase_exited")
    )
    tells = scan.of_kinds(run, (*STEPPABLE, "line"))
    return tells & ~is_edge & Predicate("(CASE WHEN call_line THEN call_line ELSE line END > 0)")


def _at(files: list[int], line: int) -> Predicate:
    if not files:
        return scan.NEVER
    known = ", ".join(map(str, files))
    # An empty call_file falls back on file, as in `place`.
    return Predicate(
        "(CASE WHEN call_line THEN call_line ELSE line END = ? AND"
        f" CASE WHEN call_line AND call_file <> {_EMPTY} THEN call_file ELSE file END"
        f" IN ({known}))",
        (line,),
    )


_EMPTY = "(SELECT coalesce((SELECT id FROM text WHERE value = ''), 0))"
