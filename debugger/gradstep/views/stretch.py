"""The events of an iteration, read once: what is committed never changes, it only goes on."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.reader import RunTrace

KEPT: Final = 4
MOST_EVENTS: Final = 20_000
"""Of a longer iteration (a script without a loop) only the latest events are looked at."""


@dataclass(slots=True)
class Stretch:
    """The rows from `start` on, up to and without `stop`, and the tensors they are about."""

    start: int
    stop: int
    rows: list[EventRow] = field(default_factory=list)
    tensors: dict[int, tuple[TensorRef, ...]] = field(default_factory=dict)

    def upto(self, seq: int) -> list[EventRow]:
        """Give the rows of events up to and with `seq`."""
        return self.rows[: max(0, seq + 1 - self.start)]


_kept: WeakKeyDictionary[RunTrace, OrderedDict[int, Stretch]] = WeakKeyDictionary()


def read_stretch(run: RunTrace, start: int, stop: int) -> Stretch:
    """Read the events [start, stop); what was read of them before is not read again."""
    start = max(1, start, (stop - MOST_EVENTS) // MOST_EVENTS * MOST_EVENTS)
    known = _kept.setdefault(run, OrderedDict())
    found = known.pop(start, None) or Stretch(start, start)
    if stop > found.stop:
        found.rows.extend(run.events(found.stop, stop))
        found.tensors.update(run.tensors_between(found.stop, stop))
        found.stop = found.start + len(found.rows)
    known[start] = found
    while len(known) > KEPT:
        known.popitem(last=False)
    if found.stop <= stop:
        return found
    amount = stop - start
    return Stretch(start, stop, found.rows[:amount], found.tensors)


def refs_of(tensors: Mapping[int, tuple[TensorRef, ...]], seq: int) -> tuple[TensorRef, ...]:
    """Give the tensors of one event, none if it has none."""
    return tensors.get(seq, ())
