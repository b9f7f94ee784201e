"""How far one call of zero_grad, forward, backward or step is, and how much it has before it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from gradstep.trace.parameters import grads_of
from gradstep.views.holding import held_by, optimizer_of
from gradstep.views.reading import counts, iteration_span, one
from gradstep.views.stretch import read_stretch, refs_of

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment

KINDS: Final = {"zero_grad": "zeroed", "forward": "op", "backward": "node", "step": "updated"}


def call_progress(moment: Moment, entry: EventRow, span: tuple[int, int]) -> tuple[int, int | None]:
    """Count what the phase that `entry` began has done and will have done; None if unknown.

    A call that has ended in the trace is counted, for one that still runs the whole is foreseen
    from the graph, from the gradients, or for a forward from the iteration before. `span` is
    the iteration's.
    """
    kind = KINDS[entry.phase]
    done = whole = 0
    ended = False
    stretch = read_stretch(moment.run, *span)
    for row in stretch.rows[max(0, entry.seq - stretch.start) :]:
        if row.kind == "phase_exited" and row.phase == entry.phase:
            ended = True
            break
        if row.kind == kind and row.phase == entry.phase:
            whole += 1
            done += row.seq <= moment.seq
    if ended:
        return done, whole
    foreseen = _foreseen(moment, entry)
    return done, None if foreseen is None else max(whole, foreseen)


def _foreseen(moment: Moment, entry: EventRow) -> int | None:
    if entry.phase == "forward":
        before = counts(moment, *iteration_span(moment, moment.event.iteration - 1))
        return before.get(("op", "forward"))
    then = moment.run.at(entry.seq)
    if entry.phase == "backward":
        return reachable_nodes(then)
    optimizer = optimizer_of(then, entry)
    if optimizer is None and entry.phase == "zero_grad":
        return _have_gradient(then, then.parameters())
    return with_gradient(then, [optimizer] if optimizer else [])


def reachable_nodes(moment: Moment) -> int | None:
    """Count the nodes that a backward() that begins at `moment` may run; None if unknown."""
    root = one(moment.tensors, "root")
    start, _ = iteration_span(moment, moment.event.iteration)
    if root is None or not 0 < start < moment.seq:
        return None
    stretch = read_stretch(moment.run, start, moment.seq)
    makers: dict[tuple[int | None, int], EventRow] = {}
    for row in stretch.upto(moment.seq - 1):
        if row.kind == "op":
            for ref in refs_of(stretch.tensors, row.seq):
                if ref.role == "output":
                    makers[ref.tensor, ref.version] = row
    total = 0
    seen: set[int] = set()
    waiting = [(root.tensor, root.version)]
    while waiting:
        maker = makers.get(waiting.pop())
        if maker is None or maker.seq in seen:
            continue
        seen.add(maker.seq)
        nodes = maker.detail.get("nodes") or ()
        total += len(nodes)
        if nodes:
            refs = refs_of(stretch.tensors, maker.seq)
            waiting += [(ref.tensor, ref.version) for ref in refs if ref.role == "input"]
    return total or None


def nodes_made(moment: Moment, start: int) -> int:
    """Count the backward nodes that forward has made: as many as backward may have to run."""
    if not 0 < start <= moment.seq:
        return 0
    rows = read_stretch(moment.run, start, moment.seq + 1).upto(moment.seq)
    return sum(len(row.detail.get("nodes") or ()) for row in rows if row.kind == "op")


def with_gradient(moment: Moment, optimizers: Iterable[OptimizerState]) -> int:
    """Count the parameters in optimizers whose `.grad` is a tensor."""
    held = [param for optimizer in optimizers for param in held_by(optimizer)]
    return _have_gradient(moment, held)


def _have_gradient(moment: Moment, params: list[int]) -> int:
    found = grads_of(moment, params)
    return sum(found[param].tensor is not None for param in params)
