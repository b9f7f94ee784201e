"""Who holds what: the tensors of optimizers, and leaves whose gradient nobody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.trace.parameters import names_of
from gradstep.views.reading import iteration_span, one
from gradstep.views.stretch import events_since

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment


def held_by(optimizer: OptimizerState) -> list[int]:
    """Give the tensors that an optimizer holds, in the order in which it was given them."""
    return [param for group in optimizer.groups for param in group.get("params", ())]


def optimizer_of(moment: Moment, event: EventRow) -> OptimizerState | None:
    """Find the optimizer that an event tells of; the only one there is if it does not say."""
    found = moment.optimizers()
    number = event.detail.get("optimizer")
    if number is None:
        return found[0] if len(found) == 1 else None
    return next((optimizer for optimizer in found if optimizer.id == number), None)


def unread_leaves(moment: Moment) -> list[int]:
    """Give the leaves that got a gradient in this iteration and that no optimizer holds."""
    start, _ = iteration_span(moment, moment.event.iteration)
    held = {param for optimizer in moment.optimizers() for param in held_by(optimizer)}
    found: dict[int, None] = {}
    for _, tensors in events_since(moment, max(start, 1), ("accumulated",)):
        param = one(tensors, "param")
        if param is not None and param.tensor is not None and param.tensor not in held:
            found[param.tensor] = None
    return list(found)


def replaced(moment: Moment, leaf: int, optimizer: OptimizerState) -> int | None:
    """Give the tensor that an optimizer holds in place of `leaf`: an older one of that name."""
    held = held_by(optimizer)
    old, names = f"{moment.name(leaf)} (old)", names_of(moment, held)
    return next((param for param in held if names[param] == old), None)
