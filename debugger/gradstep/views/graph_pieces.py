"""Very long iterations: the piece of the one before that a piece of this one goes on as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from gradstep.views.graph_ops import OpGraph
from gradstep.views.reading import iteration_span
from gradstep.views.stretch import MOST_EVENTS, Stretch

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

AHEAD: Final = 2_000
"""So many events further than the cursor's piece goes, the iteration before is read."""


def piece_before(moment: Moment, own: OpGraph) -> OpGraph | None:
    """Read of the iteration before what stands for a piece of this one, and goes on from it.

    It begins with the op that has the same number in its iteration as the first op of `own`, so
    that ops have the same places in both. None where there is no such op, or where the piece has
    been left behind: then all of it is known.
    """
    run, iteration = moment.run, moment.event.iteration
    is_behind = (moment.seq // MOST_EVENTS + 1) * MOST_EVENTS <= run.head
    if not own.ops or (is_behind and not own.is_whole):
        return None
    first, last = own.ops[0].event.seq, own.ops[-1].event.seq
    before, stop = iteration_span(moment, iteration - 1)
    begun = _counterpart(run, run.first_seq_of_iteration(iteration) or first, first, before, stop)
    if begun is None:
        return None
    known = _known.get(run)
    if known is None or known[0].start != begun:
        known = _known[run] = (Stretch(begun, begun), OpGraph(run))
    stretch, found = known
    upto = min(stop, begun + last - first + AHEAD)
    if upto > stretch.stop:
        stretch.rows.extend(run.events(stretch.stop, upto))
        stretch.tensors.update(run.tensors_between(stretch.stop, upto))
        stretch.stop = upto
    found.events = stop - before
    found.take(stretch.rows, stretch.tensors)
    return found


_known: WeakKeyDictionary[RunTrace, tuple[Stretch, OpGraph]] = WeakKeyDictionary()
"""The piece that was read last."""


def _counterpart(run: RunTrace, start: int, first: int, before: int, stop: int) -> int | None:
    """Return the op among [before, stop) that has the number of `first` in [start, …)."""
    database, ops = run.database, run.database.text_id("op")
    of = "FROM event INDEXED BY event_by_kind WHERE run = ? AND kind = ? AND seq >= ? AND seq < ?"
    (passed,) = database.row(f"SELECT count(*) {of}", (run.number, ops, start, first)) or (0,)
    row = database.row(
        f"SELECT seq {of} ORDER BY seq LIMIT 1 OFFSET ?", (run.number, ops, before, stop, passed)
    )
    return None if row is None else int(row[0])
