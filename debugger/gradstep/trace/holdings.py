"""What the `.grad` of many leaves holds and what last changed their values, in one sweep.

The same answers as `lineage` and `about.writes` give for one leaf at a time; whatever the sweep
has not met within its bounds is asked of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Final

from gradstep.trace.about import writes
from gradstep.trace.lineage import lineage
from gradstep.trace.parameters import grads_of, statistics_of

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import GradState
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

KINDS: Final = ("accumulated", "zeroed", "updated", "written")

FEW: Final = 200
"""Events that are looked at in any case, and then some for each leaf."""

PER_LEAF: Final = 8
CHUNK: Final = 128

NO_READER: Final = ("init", "grad", "load_state_dict")
"""Writes that use no gradient."""

MOST_CALLS: Final = 20
"""Of a gradient that nobody clears the latest contributions are counted one by one."""


@dataclass(slots=True)
class Holding:
    """What one leaf's `.grad` holds: contributions, the latest first, and who read them.

    `grad` is the tensor, None for None; `since` is the event that made it so, 0 if none is known.
    `read` tells which of `contributions` an update had used by the moment. `change` is the event
    that last gave the leaf its values, None for those that it was made with. `is_open` tells that
    there may be earlier contributions, `may_change` that the change was not met yet.
    """

    leaf: int
    grad: int | None = None
    since: int = 0
    norm: float | None = None
    contributions: list[EventRow] = field(default_factory=list)
    read: list[EventRow | None] = field(default_factory=list)
    has_more: bool = False
    change: EventRow | None = None
    _reader: EventRow | None = None
    is_open: bool = True
    may_change: bool = True

    @property
    def is_settled(self) -> bool:
        """Whether no earlier event can tell more of it."""
        return not (self.is_open or self.may_change)

    @property
    def stale(self) -> list[EventRow]:
        """The contributions that an update had used before a later one was added to them."""
        latest = self.contributions[0].seq if self.contributions else 0
        pairs = zip(self.contributions, self.read, strict=True)
        return [row for row, reader in pairs if reader is not None and reader.seq < latest]

    @property
    def fresh(self) -> list[EventRow]:
        """The contributions that no update has used."""
        pairs = zip(self.contributions, self.read, strict=True)
        return [row for row, reader in pairs if reader is None]

    @property
    def reader(self) -> EventRow | None:
        """The event that used the latest contribution, None if it is fresh."""
        return self.read[0] if self.read else None

    def meet(self, row: EventRow, *, is_first: bool) -> None:
        """Take the next earlier event about the leaf; `is_first`: .grad was None before it."""
        if self.may_change and _changes(row):
            self.change, self.may_change = row, False
        if not self.is_open:
            return
        if row.kind == "zeroed" or (row.kind == "written" and row.name == "grad"):
            self.is_open = False
        elif row.kind == "updated":
            self._reader = row
        elif row.kind == "accumulated":
            self.contributions.append(row)
            self.read.append(self._reader)
            self.is_open = not is_first


def holdings(
    moment: Moment, leaves: Collection[int], states: Mapping[int, GradState] | None = None
) -> dict[int, Holding]:
    """Return what each of some leaves holds at a moment; `states` is what `.grad` of each is."""
    run = moment.run
    states = grads_of(moment, leaves) if states is None else states
    found = {leaf: Holding(leaf) for leaf in leaves}
    grads = (states[leaf].tensor for leaf in leaves)
    values = statistics_of(moment, [grad for grad in grads if grad is not None])
    for leaf, one in found.items():
        state = states[leaf]
        one.grad, one.since = state.tensor, state.seq
        one.is_open = state.tensor is not None
        value = values.get(state.tensor) if state.tensor is not None else None
        if value is not None:
            one.norm = float("nan") if value.nan or value.inf else value.norm
    unsettled = set(found)
    asked: set[int] = set()
    bound = FEW + PER_LEAF * len(found)
    for row, param, had in _about(run, islice(run.events_before(moment.seq + 1, KINDS), bound)):
        if param is None or param not in unsettled:
            continue
        one = found[param]
        if one.is_open and row.kind == "written" and row.name not in NO_READER:
            asked.add(param)
        one.meet(row, is_first=not had)
        if one.is_settled:
            unsettled.discard(param)
            if not unsettled:
                break
    for leaf in unsettled:
        one = found[leaf]
        if one.is_open:
            asked.add(leaf)
        if one.may_change:
            one.change = next(iter(writes(run, leaf, before=moment.seq + 1, most=1)), None)
    for leaf in asked:
        _ask_lineage(moment, found[leaf])
    return found


def _about(run: RunTrace, rows: Iterable[EventRow]) -> Iterator[tuple[EventRow, int | None, bool]]:
    """Yield each event with its parameter, and whether there was something before it."""
    database = run.database
    roles = [database.text_id(role) or 0 for role in ("param", "before")]
    walk = iter(rows)
    while chunk := list(islice(walk, CHUNK)):
        params: dict[int, int] = {}
        had: set[int] = set()
        for seq, role, tensor in database.rows(
            "SELECT seq, role, tensor FROM event_tensor WHERE run = ? AND role IN (?, ?)"
            f" AND seq IN ({','.join('?' * len(chunk))}) ORDER BY seq, position",
            (run.number, *roles, *(row.seq for row in chunk)),
        ):
            if role == roles[1]:
                had.add(seq)
            elif tensor is not None:
                params.setdefault(seq, tensor)
        for row in chunk:
            yield row, params.get(row.seq), row.seq in had


def _ask_lineage(moment: Moment, one: Holding) -> None:
    """Ask lineage about a leaf that the script writes by hand, or that the sweep left open.

    Only lineage can tell whether a write such as `w -= lr * w.grad` has used the gradient.
    """
    told = lineage(moment, one.leaf, most=MOST_CALLS)
    if told is not None:
        one.contributions = [entry.event for entry in reversed(told.contributions)]
        one.read = [entry.read_by for entry in reversed(told.contributions)]
        one.has_more = told.has_more


def _changes(row: EventRow) -> bool:
    return row.kind == "updated" or (row.kind == "written" and row.name != "grad")
