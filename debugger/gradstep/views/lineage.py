"""Where a gradient comes from: which contributions an optimizer has used already, and clipping."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from gradstep.trace.parameters import grads_of
from gradstep.views.formulas.call import contents
from gradstep.views.reading import having, one, value_of

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment

MOST_ROWS: Final = 4000
"""Events that are looked at in any case, and then two for each gradient."""

CHUNK: Final = 128
KINDS: Final = ("accumulated", "zeroed", "updated", "written", "clipped")


@dataclass(slots=True)
class Lineage:
    """What was added into a gradient since it was None or zero.

    `used` counts contributions that a step has read already, `fresh` the others. `clipped` is the
    clipping after the last of them. `is_whole` says that the beginning was found.
    """

    used: int = 0
    fresh: int = 0
    clipped: EventRow | None = None
    is_whole: bool = False
    read: TensorRef | None = None
    added: list[TensorRef] = field(default_factory=list)

    @property
    def is_stale(self) -> bool:
        """Whether a part of the gradient, or all of it, has been used before."""
        return self.used > 0


def lineages(moment: Moment, params: Collection[int]) -> dict[int, Lineage]:
    """Trace the gradients of parameters back to where they began, a bounded way."""
    grads = {state.tensor: param for param, state in grads_of(moment, params).items()}
    found = {param: Lineage() for tensor, param in grads.items() if tensor is not None}
    open_ones = set(found)
    most = MOST_ROWS + 2 * len(found)
    for row, tensors in islice(_events_before(moment, KINDS), most):
        if not open_ones:
            break
        if row.kind == "clipped":
            for ref in having(tensors, "param"):
                if ref.tensor in open_ones:
                    _clip(found[ref.tensor], row)
            continue
        about = one(tensors, "param")
        param = about.tensor if about is not None else None
        # Written in place, a gradient is itself what the event is about.
        param = grads.get(param, param) if row.kind == "written" else param
        if param in open_ones and _take(moment, found[param], row, tensors, param):
            open_ones.discard(param)
    return found


def _events_before(
    moment: Moment, kinds: Collection[str]
) -> Iterator[tuple[EventRow, tuple[TensorRef, ...]]]:
    """Yield the events up to and with the moment's, the latest first, with their tensors."""
    rows = moment.run.events_before(moment.seq + 1, kinds=kinds)
    while chunk := list(islice(rows, CHUNK)):
        tensors = moment.run.tensors_of([row.seq for row in chunk])
        for row in chunk:
            yield row, tensors.get(row.seq, ())


def _clip(lineage: Lineage, row: EventRow) -> None:
    if lineage.clipped is None and not lineage.used and not lineage.fresh and not lineage.read:
        lineage.clipped = row


def _take(moment: Moment, lineage: Lineage, row: EventRow, tensors: Any, param: int) -> bool:
    """Take an event that is about the parameter; return whether the gradient began there."""
    if row.kind == "updated":
        lineage.read = lineage.read or one(tensors, "grad")
        return False
    if row.kind == "written":
        changed = one(tensors, "after") or one(tensors, "param")
        is_grad = one(tensors, "after") is not None or (changed and changed.tensor != param)
        value = value_of(moment, changed)
        lineage.is_whole = bool(is_grad and value is not None and value.norm == 0)
        return lineage.is_whole
    if row.kind == "zeroed":
        lineage.is_whole = True
        return True
    if lineage.read is None:
        lineage.fresh += 1
        added = one(tensors, "contribution")
        if added is not None:
            lineage.added.append(added)
    else:
        lineage.used += 1
    lineage.is_whole = one(tensors, "before") is None
    return lineage.is_whole


def stale_share(moment: Moment, lineage: Lineage) -> float | None:
    """Give ‖used‖ / (‖used‖ + ‖fresh‖) of a gradient; None where that was not recorded."""
    if not lineage.used:
        return 0.0
    if not lineage.fresh:
        return 1.0
    used = value_of(moment, lineage.read)
    fresh = _norm_of_sum(moment, lineage.added)
    if used is None or used.norm is None or fresh is None:
        return None
    both = used.norm + fresh
    return used.norm / both if both else 0.0


def _norm_of_sum(moment: Moment, refs: list[TensorRef]) -> float | None:
    values = [value_of(moment, ref) for ref in refs]
    if len(values) == 1:
        return values[0].norm if values[0] is not None else None
    total: Any = None
    for value in values:
        array = contents(value)
        if array is None:
            return None
        total = array if total is None else total + array
    return None if total is None else float((total**2).sum()) ** 0.5
