"""The events of an iteration, read once: what is committed never changes, it only goes on."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment
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


def events_since(
    moment: Moment, first: int, kinds: Collection[str]
) -> list[tuple[EventRow, tuple[TensorRef, ...]]]:
    """Give the events from `first` up to and with the moment's, each with its tensors.

    Those of the moment's own iteration are at hand, as all panes look at them.
    """
    run, stop = moment.run, moment.seq + 1
    start = run.first_seq_of_iteration(moment.event.iteration) or 1
    found = read_stretch(run, start, stop)
    if found.start > first:
        tensors = run.tensors_between(first, stop)
        return [(row, tensors.get(row.seq, ())) for row in run.events(first, stop, kinds)]
    return [
        (row, found.tensors.get(row.seq, ()))
        for row in found.upto(moment.seq)[first - found.start :]
        if row.kind in kinds
    ]
