"""Where a motion over recorded events lands, asked of the database.

`protocol/motions.py` says what a motion means, row by row: that is what the script is stepped
with. Here the same is asked in a few queries, so that a motion over a million events costs no
more than one over ten. The tests hold both against each other, event by event.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from gradstep.protocol import motions
from gradstep.protocol.row import STEPPABLE, EventRow
from gradstep.trace import line_stops, scan
from gradstep.trace.scan import Predicate, Steps

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace


@dataclass(frozen=True, slots=True)
class Landing:
    """`seq` is None where the motion leaves the recorded run.

    `occurrence` is then what is left of its count, for the script to go on with.
    """

    seq: int | None
    occurrence: int = 1


def landing(
    run: RunTrace,
    motion: str,
    origin: EventRow,
    *,
    end: int,
    backward: bool = False,
    target: Any = None,
    start: int = 0,
) -> Steps[Landing]:
    """Find where a motion from `origin` lands among the events 1 to `end`.

    `start` is the event behind or before which it looks, if that is another one than `origin`.

    Raises:
        MotionError: no such motion, or a target that says nothing.
    """
    motions.rule(motion, origin, backward=backward, target=target, recorded=True)
    find = _Finder(run, origin, start or origin.seq, end, backward)
    if motion == "continue":
        return Landing(None)
    if motion == "iteration":
        return find.iteration_back() if backward else find.iteration()
    on_line = motions.line_target(target) if motion == "to" else None
    if motion == "line" or on_line is not None:
        wanted = scan.ALWAYS if on_line is None else line_stops.on_line(run, *on_line)
        if backward:
            return Landing((yield from line_stops.last(run, wanted, find.start)))
        return Landing((yield from line_stops.first(run, wanted, find.start, end)))
    what = find.wanted(motion, target)
    return Landing((yield from find.nearest(what)))


def point_of(run: RunTrace, row: EventRow) -> Predicate:
    """Hold where an event is at the same point of the loop as `row`."""
    return (
        scan.of_kind(run, row.kind)
        & scan.text_is(run, "phase", row.phase)
        & scan.text_is(run, "name", row.name)
        & scan.text_is(run, "file", row.file)
        & Predicate("line = ?", (row.line,))
    )


class _Finder:
    """The questions of one motion."""

    def __init__(
        self, run: RunTrace, origin: EventRow, start: int, end: int, backward: bool
    ) -> None:
        self.run = run
        self.origin = origin
        self.start = start
        self.end = end
        self.backward = backward

    def nearest(self, what: Predicate) -> Steps[int | None]:
        """Find the nearest event in the motion's direction."""
        if self.backward:
            return scan.last(self.run, what, 1, self.start)
        return scan.first(self.run, what, self.start + 1, self.end + 1)

    def wanted(self, motion: str, target: Any) -> Predicate:
        """Return what a motion that lands where it stops is looking for."""
        run, origin = self.run, self.origin
        match motion:
            case "step":
                return scan.of_kinds(run, STEPPABLE)
            case "phase":
                return scan.of_kind(run, "phase_exited", rare=True)
            case "begin":
                is_other = scan.text_is(run, "phase", "other")
                return scan.of_kind(run, "phase_entered", rare=True) & ~is_other
            case "finish" if origin.calls:
                outside = Predicate(
                    "(calls IS NULL OR instr(',' || calls || ',', ?) = 0)",
                    (f",{origin.calls[-1]},",),
                )
                return scan.of_kinds(run, STEPPABLE) & outside
            case "finish":
                return self._phase_edge()
        return self._target(target)

    def iteration(self) -> Landing:
        """Look for the same point one iteration on, else for where the one after begins."""
        run, origin = self.run, self.origin
        start = self._after_iteration(origin.iteration)
        if start is None:
            return Landing(None, self._occurrence())
        if origin.iteration == 0 or not motions.is_point(origin):
            return Landing(start)
        following = self._after_iteration(origin.iteration + 1)
        wanted, number = point_of(run, origin), self._occurrence()
        stop = self.end + 1 if following is None else following
        seq = scan.nth(run, wanted, number, start, stop)
        if seq is None:
            seq = following
        if seq is not None:
            return Landing(seq)
        return Landing(None, number - scan.how_many(run, wanted, start, stop))

    def iteration_back(self) -> Landing:
        """Look for the same point one iteration back, else for where that one begins."""
        run, origin = self.run, self.origin
        wanted = max(origin.iteration - 1, 0)
        first = run.first_seq_of_iteration(wanted)
        if first is None or first >= origin.seq:
            return Landing(None)
        after = self._after_iteration(wanted)
        stop = origin.seq if after is None else min(after, origin.seq)
        seq = None
        if motions.is_point(origin):
            seq = scan.nth(run, point_of(run, origin), self._occurrence(), first, stop)
        return Landing(first if seq is None else seq)

    def _phase_edge(self) -> Predicate:
        run, origin = self.run, self.origin
        entered = origin.seq if origin.kind == "phase_entered" else origin.enclosing
        begins = scan.of_kind(run, "phase_entered", rare=True)
        ends = scan.of_kind(run, "phase_exited", rare=True)
        if self.backward:
            if origin.kind == "phase_entered" or not entered:
                return begins
            return begins & Predicate("seq = ?", (entered,))
        if origin.kind == "phase_exited" or not entered:
            return ends
        return ends & Predicate("enclosing = ?", (entered,))

    def _target(self, target: Any) -> Predicate:
        run = self.run
        if isinstance(target, int):
            return Predicate("seq <= ?" if self.backward else "seq >= ?", (target,))
        names = scan.text_in(run, "name", lambda text: fnmatchcase(text, target))
        return scan.of_kinds(run, ("op", "node")) & names

    def _after_iteration(self, number: int) -> int | None:
        row = self.run.database.row(
            "SELECT seq FROM event INDEXED BY event_by_iteration"
            " WHERE run = ? AND iteration > ? ORDER BY iteration, seq LIMIT 1",
            (self.run.number, number),
        )
        return None if row is None or row[0] > self.end else int(row[0])

    def _occurrence(self) -> int:
        return occurrence(self.run, self.origin)


def occurrence(run: RunTrace, origin: EventRow) -> int:
    """Return which of the events at its point of its iteration `origin` is, from 1."""
    if origin.kind == "line":
        return 1
    first = run.first_seq_of_iteration(origin.iteration) or 1
    return max(1, scan.how_many(run, point_of(run, origin), first, origin.seq + 1))
