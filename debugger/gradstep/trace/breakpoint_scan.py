"""Finds the recorded events at which breakpoints could stop, without reading the others.

What a breakpoint's place means is said once, in `protocol/breakpoints`; here each place is only
narrowed down to the events that can be at it. A place that is not known here means every event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from gradstep.protocol.breakpoints import (
    PHASE_PLACES,
    Breakpoint,
    BreakpointTable,
    Entry,
    Probe,
    Watched,
)
from gradstep.protocol.row import EventRow
from gradstep.trace import line_stops, scan
from gradstep.trace.scan import Predicate

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

Placed = tuple[EventRow, list[Entry]]
Worth = Callable[[Entry, list[int]], list[int]]
"""Keeps, of the events that can be at a breakpoint's place, those worth looking at."""

CONTEXT: Final = 64
"""Events before one in question that are read with it: some places depend on the row before."""

_BY_THEMSELVES: Final = frozenset(
    {*PHASE_PLACES, "exception", "op", "node", "param", "change", "nan", "finding"}
)
"""Places that a row tells without the rows before it, some of them through the probe."""

_EXACT: Final = frozenset({*PHASE_PLACES, "op", "node"})
"""Places that the database finds exactly."""


_SHOWS_ODD_NUMBERS: Final = Predicate(
    # A version of a tensor stands at the event with which it came about.
    "EXISTS (SELECT 1 FROM event_tensor AS t CROSS JOIN value AS v"
    " ON v.run = t.run AND v.tensor = t.tensor AND v.seq = t.seq"
    " WHERE t.run = event.run AND t.seq = event.seq AND (v.nan > 0 OR v.inf > 0))"
)

_NAMED: Final = "SELECT seq FROM tensor_name WHERE run = ? AND name = ?"
_OF_VALUE: Final = (
    "SELECT v.seq FROM tensor_name AS n CROSS JOIN value AS v"
    " ON v.run = n.run AND v.tensor = n.tensor WHERE n.run = ? AND n.name = ?"
)
_OF_GRAD: Final = (
    "SELECT g.seq FROM tensor_name AS n CROSS JOIN grad AS g"
    " ON g.run = n.run AND g.param = n.tensor WHERE n.run = ? AND n.name = ?"
)
_OF_GRAD_VALUE: Final = (
    "SELECT v.seq FROM tensor_name AS n CROSS JOIN grad AS g"
    " ON g.run = n.run AND g.param = n.tensor CROSS JOIN value AS v"
    " ON v.run = g.run AND v.tensor = g.tensor WHERE n.run = ? AND n.name = ?"
)


class BreakpointScan:
    """The enabled breakpoints over the rows of one run."""

    def __init__(self, run: RunTrace, entries: Iterable[Entry], probe: Probe | None = None) -> None:
        """Narrow each breakpoint down; without a `probe`, `change:` and `nan` are never met."""
        self._run = run
        self._probe = probe
        self._script = run.info.script
        self.entries = [
            Entry(entry.id, entry.breakpoint.resolved(self._script))
            for entry in entries
            if entry.enabled
        ]
        self._alone = all(entry.breakpoint.where in _BY_THEMSELVES for entry in self.entries)
        self._wanted = [self._narrowed(entry.breakpoint) for entry in self.entries]

    @property
    def is_exact(self) -> bool:
        """Whether every event that is to be looked at is at a breakpoint's place."""
        return all(entry.breakpoint.where in _EXACT for entry in self.entries)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.entries)

    def pieces(
        self, start: int, stop: int, *, descending: bool = False, worth: Worth | None = None
    ) -> Iterator[tuple[int, int, list[int]]]:
        """Cut [start, stop) into ranges, each with the events in it that are to be looked at."""
        if not self.entries:
            return
        if worth is None:
            worth = _all
        rare = all(wanted.kind for wanted in self._wanted)
        for low, high in scan.pieces(start, stop, descending=descending):
            if rare or len(self._wanted) == 1:
                found = {
                    seq
                    for entry, wanted in zip(self.entries, self._wanted, strict=True)
                    for seq in worth(entry, scan.all_in(self._run, wanted, low, high))
                }
                yield low, high, sorted(found)
            else:
                either = reduce(or_, self._wanted)
                every = scan.all_in(self._run, either, low, high)
                kept = {seq for entry in self.entries for seq in worth(entry, every)}
                yield low, high, every if len(kept) == len(every) else sorted(kept)

    def placed(self, seqs: list[int]) -> Iterator[Placed]:
        """Give those of some events that are at a breakpoint's place, in order, with which."""
        if self._alone:
            for row in self._rows(seqs):
                at = [entry for entry in self.entries if self._is_at(entry, row)]
                if at:
                    yield row, at
            return
        wanted = set(seqs)
        for low, high in _spans(seqs):
            for row, at in self._walk(low, high):
                if at and row.seq in wanted:
                    yield row, at

    def _is_at(self, entry: Entry, row: EventRow) -> bool:
        if entry.breakpoint.where in {"change", "nan"}:
            return self._probe is not None and self._probe.is_at(entry, row)
        return entry.breakpoint.matches(row)

    def _rows(self, seqs: list[int]) -> Iterator[EventRow]:
        """Read rows: together where they are close to each other."""
        for low, high in _spans(seqs, gap=2):
            yield from self._run.events(low, high + 1)

    def _walk(self, low: int, high: int) -> Iterator[Placed]:
        """Ask the table about every row of a span, told what it must know of the rows before."""
        table = BreakpointTable(
            [Entry(e.id, e.breakpoint) for e in self.entries],
            script=self._script,
            recorded=True,
            probe=self._probe,
        )
        begin = max(1, low - CONTEXT)
        for seq in self._seeds(begin):
            table.placed_at(self._run.event(seq))
        for row in self._run.events(begin, high + 1):
            at = table.placed_at(row)
            if row.seq >= low:
                yield row, at

    def _seeds(self, begin: int) -> list[int]:
        """Give the rows before a span that a place in it can depend on.

        These are the lines met in this iteration, the last op, and the last row that was none of
        the script's printing.
        """
        run = self._run
        if begin <= 1:
            return []
        start = run.first_seq_of_iteration(run.event(begin).iteration) or 1
        seeds = set()
        lines = [p.breakpoint for p in self.entries if p.breakpoint.where == "line"]
        for point in lines:
            met = scan.of_kind(run, "line", rare=True)
            met = met & line_stops.on_line(run, point.file, point.line)
            seeds.update(scan.all_in(run, met, start, begin))
        for kind in (scan.of_kind(run, "op"), ~scan.of_kind(run, "output")):
            latest = scan.run_through(scan.last(run, kind, 1, begin))
            if latest is not None:
                seeds.add(latest)
        return sorted(seeds)

    def _narrowed(self, point: Breakpoint) -> Predicate:
        run = self._run
        match point.where:
            case "zero_grad" | "forward" | "backward" | "step":
                entered = scan.of_kind(run, "phase_entered", rare=True)
                return entered & scan.text_is(run, "phase", point.where)
            case "iteration":
                # The rows that begin an iteration: the one before is of another.
                return Predicate(
                    "(iteration > 0 AND seq = (SELECT min(e.seq) FROM event AS e WHERE"
                    " e.run = event.run AND e.iteration = event.iteration))"
                )
            case "exception":
                return Predicate("(detail LIKE '%\"error\"%')")
            case "op" | "node":
                return scan.of_kind(run, point.where) & self._named(point.pattern)
            case "module":
                inside = scan.text_in(run, "module", lambda m: point.module_scope(m) is not None)
                return scan.of_kind(run, "op") & inside
            case "param":
                return self._named(point.pattern) | Predicate("(detail LIKE '%\"parameter\"%')")
            case "line":
                return line_stops.on_line(run, point.file, point.line)
            case "nan":
                return _SHOWS_ODD_NUMBERS
            case "change" if point.watched is not None:
                return self._changing(point.watched)
            case "finding":
                return scan.NEVER
        return scan.ALWAYS

    def _changing(self, watched: Watched) -> Predicate:
        """Hold where a value may be another one than before; the probe then looks."""
        run = self._run
        if watched.is_free:
            return ~scan.of_kind(run, "output")
        found = scan.NEVER
        if watched.is_of_rows:
            kinds = watched.kinds
            found = scan.ALWAYS if kinds is None else scan.of_kinds(run, kinds)
        if watched.rate is not None:
            found |= Predicate("(seq IN (SELECT seq FROM optimizer WHERE run = ?))", (run.number,))
        of_tensor = (_OF_GRAD, _OF_GRAD_VALUE) if watched.of_grad else (_OF_VALUE,)
        for name in watched.names:
            for query in (_NAMED, *of_tensor):
                found |= Predicate(f"(seq IN ({query}))", (run.number, name))
        return found

    def _named(self, pattern: str) -> Predicate:
        return scan.text_in(self._run, "name", lambda text: fnmatchcase(text, pattern))


def _all(entry: Entry, seqs: list[int]) -> list[int]:
    return seqs


def _spans(seqs: list[int], gap: int = CONTEXT) -> Iterator[tuple[int, int]]:
    """Join events that lie close to each other to ranges (first, last)."""
    begin = end = 0
    for seq in seqs:
        if begin and seq - end > gap:
            yield begin, end
            begin = 0
        begin = begin or seq
        end = seq
    if begin:
        yield begin, end
