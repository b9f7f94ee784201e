"""Finds the event that last changed the tensor in sight, or its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.tui.frame import Selection
from gradstep.views.tensor import event_subject

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

_READ: Final = frozenset({"input", "root", "source"})
"""Roles of a tensor that an event only reads."""


@dataclass(frozen=True, slots=True)
class LastChange:
    """`seq` is None where nothing changed before. `told` says in words what was found."""

    tensor: int
    seq: int | None
    told: str


def last_change(moment: Moment, selection: Selection, shown: int | None) -> LastChange | None:
    """Look for the selected tensor, else the event's own, else the one that pane 4 shows.

    None if there is none of these.
    """
    tensor, what = selection.tensor, selection.what
    if tensor is None:
        tensor, natural = event_subject(moment)
        if tensor is not None and natural == "grad":
            what = "value" if what == "grad" else "grad"
    tensor = shown if tensor is None else tensor
    if tensor is None:
        return None
    name = moment.name(tensor)
    subject = f"the gradient of {name}" if what == "grad" else name
    for upto in (moment.seq, moment.seq - 1):
        seq = _changed(moment.run.at(upto), tensor, what, selection.gradient) if upto > 0 else 0
        if 0 < seq < moment.seq:
            event = moment.run.event(seq)
            by = f"{event.kind.replace('_', ' ')} {event.name}".strip()
            roles = {use.role for use in moment.run.tensors(seq) if use.tensor == tensor}
            how = "first seen at" if roles and roles <= _READ else "last changed by"
            return LastChange(tensor, seq, f"{subject} was {how} event {seq:,}: {by}")
    return LastChange(tensor, None, f"{subject} has not changed before this event")


def _changed(then: Moment, tensor: int, what: str, gradient: int | None) -> int:
    if what == "grad" and then.is_leaf(tensor):
        return then.grad(tensor).seq
    value = then.value(gradient if what == "grad" and gradient is not None else tensor)
    return 0 if value is None else value.seq
