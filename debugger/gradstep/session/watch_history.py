"""Watches that the trace answers, with their whole history: tensors, gradients, loss and rate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from gradstep.session.watches import Reading, is_path
from gradstep.trace.history import gradients_of, learning_rates, values_of_name

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

_NAME: Final = re.compile(r"[A-Za-z_]\w*(\.\w+)*\Z")


def from_trace(moment: Moment, text: str) -> Reading | None:
    """Return what the trace says of a watch as of a moment; None where it cannot tell."""
    if text == "lr":
        return _reading(text, learning_rates(moment))
    if not (_NAME.match(text) or is_path(text)):
        return None
    tensor = moment.tensor_named(text)
    if tensor is not None and moment.value(tensor) is not None:
        return _reading(text, values_of_name(moment, text), tensor, moment)
    if text == "loss":
        return _reading(text, [loss[3] for loss in moment.run.losses(moment.seq)])
    leaf, dot, last = text.rpartition(".")
    param = moment.tensor_named(leaf) if dot and last == "grad" else None
    if param is None:
        return None
    state = moment.grad(param)
    if not state.known:
        return None
    history = gradients_of(moment, param)
    if state.tensor is None:
        return Reading(text, "None", history=tuple(history), source="trace")
    return _reading(text, history, state.tensor, moment)


def _reading(
    text: str, history: list[float], tensor: int | None = None, moment: Moment | None = None
) -> Reading | None:
    if not history:
        return None
    value = moment.value(tensor) if moment is not None and tensor is not None else None
    is_norm = value is not None and any(size != 1 for size in value.shape)
    return Reading(
        text,
        number=history[-1],
        change=history[-1] - history[-2] if len(history) > 1 else None,
        history=tuple(history),
        source="trace",
        is_norm=is_norm,
        tensor=tensor,
    )
