"""Finds events by what their rows hold, in SQL rather than row by row in Python.

A search over a whole run is made in pieces of some ten thousand events: between two of them the
caller can let the screen breathe, or give up.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gradstep.trace.errors import TraceError

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

T = TypeVar("T")

Steps = Generator[None, None, T]
"""A search in pieces: yields between them and returns what it found."""

_FIRST_PIECE: Final = 2_048
_LARGEST_PIECE: Final = 65_536


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on columns of `event`, with its parameters.

    `kind` names the one kind of event that can fulfil it, if that is rare enough in a run for the
    index of kinds to be the better way.
    """

    sql: str
    parameters: tuple[Any, ...] = ()
    kind: str = ""

    def __and__(self, other: Predicate) -> Predicate:
        """Both hold."""
        return Predicate(
            f"({self.sql} AND {other.sql})",
            (*self.parameters, *other.parameters),
            self.kind or other.kind,
        )

    def __or__(self, other: Predicate) -> Predicate:
        """One of them holds."""
        kind = self.kind if self.kind == other.kind else ""
        return Predicate(
            f"({self.sql} OR {other.sql})", (*self.parameters, *other.parameters), kind
        )

    def __invert__(self) -> Predicate:
        """It does not hold."""
        return Predicate(f"(NOT {self.sql})", self.parameters)


NEVER: Final = Predicate("0")
ALWAYS: Final = Predicate("1")


def matching_texts(run: RunTrace, test: Callable[[str], bool]) -> list[int]:
    """Return the numbers of all interned strings for which `test` holds."""
    return [number for number, text in run.database.texts().items() if test(text)]


def text_in(run: RunTrace, column: str, test: Callable[[str], bool]) -> Predicate:
    """A column of interned text holds one for which `test` holds."""
    numbers = matching_texts(run, test)
    if not numbers:
        return NEVER
    return Predicate(f"({column} IN ({', '.join(map(str, numbers))}))")


def text_is(run: RunTrace, column: str, text: str) -> Predicate:
    """A column of interned text holds exactly this one."""
    number = run.database.text_id(text)
    return NEVER if number is None else Predicate(f"({column} = {number})")


def of_kind(run: RunTrace, kind: str, *, rare: bool = False) -> Predicate:
    """The event is of this kind."""
    found = text_is(run, "kind", kind)
    return Predicate(found.sql, (), kind) if rare and found is not NEVER else found


def of_kinds(run: RunTrace, kinds: Iterable[str]) -> Predicate:
    """The event is of one of these kinds."""
    known = frozenset(kinds)
    return text_in(run, "kind", known.__contains__)


def first(run: RunTrace, what: Predicate, start: int, stop: int) -> Steps[int | None]:
    """Find the first event of `start` <= seq < `stop` that fulfils a predicate."""
    return _one(run, what, start, stop, descending=False)


def last(run: RunTrace, what: Predicate, start: int, stop: int) -> Steps[int | None]:
    """Find the last event of `start` <= seq < `stop` that fulfils a predicate."""
    return _one(run, what, start, stop, descending=True)


def _one(
    run: RunTrace, what: Predicate, start: int, stop: int, *, descending: bool
) -> Steps[int | None]:
    if what is NEVER or start >= stop:
        return None
    order = "DESC" if descending else "ASC"
    for low, high in pieces(start, stop, descending=descending, whole=bool(what.kind)):
        row = run.database.row(
            f"SELECT seq FROM event {_index(what)} WHERE run = ? AND {_kind(run, what)}"
            f" seq >= ? AND seq < ? AND {what.sql} ORDER BY seq {order} LIMIT 1",
            (run.number, low, high, *what.parameters),
        )
        if row is not None:
            return int(row[0])
        yield
    return None


def all_in(run: RunTrace, what: Predicate, low: int, high: int) -> list[int]:
    """Return all events of `low` <= seq < `high` that fulfil a predicate, in order."""
    if what is NEVER:
        return []
    rows = run.database.rows(
        f"SELECT seq FROM event {_index(what)} WHERE run = ? AND {_kind(run, what)}"
        f" seq >= ? AND seq < ? AND {what.sql} ORDER BY seq",
        (run.number, low, high, *what.parameters),
    )
    return [row[0] for row in rows]


def nth(run: RunTrace, what: Predicate, number: int, low: int, high: int) -> int | None:
    """Return the event of `low` <= seq < `high` that fulfils a predicate for the n-th time."""
    if what is NEVER:
        return None
    row = run.database.row(
        f"SELECT seq FROM event WHERE run = ? AND seq >= ? AND seq < ? AND {what.sql}"
        " ORDER BY seq LIMIT 1 OFFSET ?",
        (run.number, low, high, *what.parameters, number - 1),
    )
    return None if row is None else int(row[0])


def how_many(run: RunTrace, what: Predicate, low: int, high: int) -> int:
    """Count the events of `low` <= seq < `high` that fulfil a predicate."""
    if what is NEVER:
        return 0
    row = run.database.row(
        f"SELECT count(*) FROM event WHERE run = ? AND seq >= ? AND seq < ? AND {what.sql}",
        (run.number, low, high, *what.parameters),
    )
    return int(row[0]) if row else 0


def pieces(
    start: int, stop: int, *, descending: bool = False, whole: bool = False
) -> Iterable[tuple[int, int]]:
    """Cut [start, stop) into ranges, small ones first: most searches end soon."""
    if whole:
        return [(start, stop)] if start < stop else []
    return _cut(start, stop, descending)


def _cut(start: int, stop: int, descending: bool) -> Iterable[tuple[int, int]]:
    size = _FIRST_PIECE
    while start < stop:
        if descending:
            low = max(start, stop - size)
            yield low, stop
            stop = low
        else:
            high = min(stop, start + size)
            yield start, high
            start = high
        size = min(2 * size, _LARGEST_PIECE)


def run_through(steps: Steps[T]) -> T:
    """Make a search without pausing."""
    while True:
        try:
            next(steps)
        except StopIteration as found:
            result: T = found.value
            return result


def _index(what: Predicate) -> str:
    # Without statistics SQLite would rather walk all events in their order.
    return "INDEXED BY event_by_kind" if what.kind else "NOT INDEXED"


def _kind(run: RunTrace, what: Predicate) -> str:
    if not what.kind:
        return ""
    number = run.database.text_id(what.kind)
    if number is None:
        raise TraceError(f"run {run.number} has no event of the kind {what.kind}")
    return f"kind = {number} AND"
