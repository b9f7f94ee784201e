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
    """`seq` is None where nothing changed. `told` says in words what was found.

    `what` tells whether it is the tensor's value or its grad.
    """

    tensor: int
    seq: int | None
    told: str
    what: str = "value"


def last_change(moment: Moment, selection: Selection, shown: int | None) -> LastChange | None:
    """Look for the selected tensor, else the event's own, else the one that pane 4 shows.

    None if there is none of these.
    """
    tensor, what = _subject(moment, selection, shown)
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
            return LastChange(tensor, seq, f"{subject} was {how} event {seq:,}: {by}", what)
    return LastChange(tensor, None, f"{subject} has not changed before this event")


def next_change(
    moment: Moment, selection: Selection, shown: int | None, head: int
) -> LastChange | None:
    """Look for the event that changes the same tensor or gradient next, up to `head`."""
    tensor, what = _subject(moment, selection, shown)
    if tensor is None:
        return None
    name = moment.name(tensor)
    subject = f"the gradient of {name}" if what == "grad" else name
    seq: int | None
    if what == "grad" and moment.is_leaf(tensor):
        state = moment.grad(tensor)
        held = state.tensor if state.tensor is not None else -1
        ways = (moment.run.next_grad(tensor, moment.seq), moment.run.next_value(held, moment.seq))
        seq = min((way for way in ways if way is not None), default=None)
    else:
        shown_one = selection.gradient if what == "grad" else None
        seq = moment.run.next_value(shown_one or tensor, moment.seq)
    if seq is None or seq > head:
        return LastChange(tensor, None, f"{subject} does not change after this event so far")
    event = moment.run.event(seq)
    by = f"{event.kind.replace('_', ' ')} {event.name}".strip()
    return LastChange(tensor, seq, f"{subject} is changed next by event {seq:,}: {by}", what)


def _subject(moment: Moment, selection: Selection, shown: int | None) -> tuple[int | None, str]:
    """Give the tensor meant, and whether its value or its gradient."""
    tensor, what = selection.tensor, selection.what
    if tensor is None:
        tensor, natural = event_subject(moment)
        if tensor is not None and natural == "grad":
            what = "value" if what == "grad" else "grad"
    return (shown if tensor is None else tensor), what


def _changed(then: Moment, tensor: int, what: str, gradient: int | None) -> int:
    if what == "grad" and then.is_leaf(tensor):
        state = then.grad(tensor)
        # A gradient that is added to in place stays the same tensor.
        value = then.value(state.tensor) if state.tensor is not None else None
        return max(state.seq, value.seq if value is not None else 0)
    value = then.value(gradient if what == "grad" and gradient is not None else tensor)
    return 0 if value is None else value.seq
