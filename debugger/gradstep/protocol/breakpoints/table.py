"""The breakpoints in use, matched against rows and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from types import CodeType
from typing import Protocol

from gradstep.protocol.breakpoints.point import Breakpoint
from gradstep.protocol.place import place
from gradstep.protocol.row import STEPPABLE, EventRow


@dataclass(slots=True)
class Entry:
    """A breakpoint in use. `hits` counts the times it was met with its condition true.

    `told` is the name that its condition lacks, once a stop has said so: a variable may well come
    to be later, and one stop for it is enough. `met` says that its place was met at all.
    """

    id: int
    breakpoint: Breakpoint
    enabled: bool = True
    hits: int = 0
    told: str = ""
    met: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A reason to stop: `error` says why a condition could not be evaluated, "" if it held.

    `told` is what there is to say beside the place: by what a value changed and by how much.
    """

    id: int
    error: str = ""
    told: str = ""


Evaluate = Callable[[CodeType], object]


class Probe(Protocol):
    """Answers what a row alone does not say: whether a value changed, whether a NaN came about."""

    def is_at(self, entry: Entry, row: EventRow) -> bool:
        """Tell whether `row` is where `change:` or `nan` is met; asked once for each row."""

    def told(self, entry: Entry, row: EventRow) -> str:
        """Return what there is to say at a stop there."""


class BreakpointTable:
    """The breakpoints in use, matched against rows in the order in which they happened.

    `recorded` says that the rows come from a trace, which may lack `line` rows: then a line is met
    at the first row that it caused. Without a `probe`, `change:` and `nan` are never met.
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        *,
        script: str = "",
        recorded: bool = False,
        probe: Probe | None = None,
    ) -> None:
        """Take the entries; `script` is the file that bare line numbers mean."""
        self.script = script
        self._recorded = recorded
        self._probe = probe
        self._entries: dict[int, Entry] = {}
        self._previous: EventRow | None = None
        self._previous_op: EventRow | None = None
        self._iteration: int | None = None
        self._lines_met: tuple[int, set[tuple[str, int]]] = (0, set())
        self.replace(entries)

    def __iter__(self) -> Iterator[Entry]:
        """All entries, in the order in which they were given."""
        return iter(self._entries.values())

    def __getitem__(self, number: int) -> Entry:
        """The entry of this number."""
        return self._entries[number]

    @property
    def is_empty(self) -> bool:
        """Whether there is none."""
        return not self._entries

    @property
    def arms_lines(self) -> bool:
        """Whether any enabled breakpoint needs `line` rows."""
        return any(entry.enabled and entry.breakpoint.arms_lines for entry in self)

    @property
    def arms_raises(self) -> bool:
        """Whether any enabled breakpoint looks at every exception."""
        return any(entry.enabled and entry.breakpoint.arms_raises for entry in self)

    def replace(self, entries: Iterable[Entry]) -> None:
        """Take these breakpoints; one that is known by id and text keeps its hits."""
        known = self._entries
        self._entries = {}
        for entry in entries:
            kept = replace(entry, breakpoint=entry.breakpoint.resolved(self.script))
            old = known.get(entry.id)
            if old is not None and old.breakpoint == kept.breakpoint:
                kept.hits = max(kept.hits, old.hits)
                kept.told, kept.met = old.told, old.met
            self._entries[kept.id] = kept

    def reached(self, row: EventRow, evaluate: Evaluate) -> list[Hit]:
        """The breakpoints that say stop at `row`. Count hits; conditions go through `evaluate`.

        `evaluate` gets the compiled condition and returns its value; whatever it raises makes a
        stop that shows the error. It is called only where the place matches.
        """
        if not self._entries:
            self._remember(row)
            return []
        found = (self.judged(entry, row, evaluate) for entry in self.placed_at(row))
        return [hit for hit in found if hit is not None]

    def judged(self, entry: Entry, row: EventRow, evaluate: Evaluate) -> Hit | None:
        """Decide about an entry whose place `row` is, and say what there is to say."""
        hit = judge(entry, evaluate)
        if hit is None or hit.error or self._probe is None:
            return hit
        return replace(hit, told=self._probe.told(entry, row))

    def placed_at(self, row: EventRow) -> list[Entry]:
        """The enabled entries whose place `row` is; to be called once for every row, in order."""
        found = [entry for entry in self if entry.enabled and self._is_at(entry, row)]
        for entry in found:
            entry.met = True
        self._remember(row)
        return found

    def _is_at(self, entry: Entry, row: EventRow) -> bool:
        point = entry.breakpoint
        match point.where:
            case "iteration":
                return row.iteration > (self._iteration or 0) and self._iteration is not None
            case "module":
                return point.matches(row) and self._begins_call(point, row)
            case "line":
                return point.matches(row) or self._begins_line(point, row)
            case "change" | "nan":
                return self._probe is not None and self._probe.is_at(entry, row)
        return point.matches(row)

    def _begins_call(self, point: Breakpoint, row: EventRow) -> bool:
        """Tell whether the matched module's call is another one than the op before lay in.

        Calls are known by number only, so the matched module's place among them is taken from its
        depth in the path.
        """
        before = self._previous_op
        scope = point.module_scope(row.module)
        if before is None or scope is None or point.module_scope(before.module) != scope:
            return True
        depth = scope.count(".") + 2
        return row.calls[:depth] != before.calls[:depth]

    def _begins_line(self, point: Breakpoint, row: EventRow) -> bool:
        if not self._recorded or row.kind not in STEPPABLE or not point.is_on_line(row):
            return False
        if place(row) in self._lines_met[1] and self._lines_met[0] == row.iteration:
            return False
        return self._previous is None or not point.is_on_line(self._previous)

    def _remember(self, row: EventRow) -> None:
        self._iteration = row.iteration
        if row.kind == "output":
            return
        self._previous = row
        if row.kind == "op":
            self._previous_op = row
        elif row.kind == "line":
            if self._lines_met[0] != row.iteration:
                self._lines_met = (row.iteration, set())
            self._lines_met[1].add(place(row))


def judge(entry: Entry, evaluate: Evaluate) -> Hit | None:
    """Decide about an entry whose place was met: evaluate its condition and count the hit."""
    code = entry.breakpoint.code
    if code is not None:
        try:
            holds = bool(evaluate(code))
        except Exception as error:
            if isinstance(error, NameError):
                if error.name and error.name == entry.told:
                    return None
                entry.told = error.name or ""
            text = f"{type(error).__name__}: {error}"
            return Hit(entry.id, f"condition '{entry.breakpoint.condition}' failed: {text}")
        if not holds:
            return None
    entry.hits += 1
    return Hit(entry.id) if entry.hits > entry.breakpoint.after else None


def reason_of(hits: Iterable[Hit]) -> tuple[str, str]:
    """Return why these hits stop, as `Stop` names it, and what there is to say."""
    found = list(hits)
    errors = [hit.error for hit in found if hit.error]
    if errors:
        return "condition_error", errors[0]
    told = "; ".join(hit.told for hit in found if hit.told)
    return ("breakpoint" if found else "motion"), told
