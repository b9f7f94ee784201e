"""All parameters as one vector, and back."""

from __future__ import annotations

from collections.abc import Iterable

from gradstep_engine import events
from gradstep_engine.tensor import Tensor
from gradstep_engine.tensor.joins import cat


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all elements of `parameters`, one after the other, as one recorded vector."""
    vector: Tensor = cat([parameter.reshape(-1) for parameter in parameters])
    return vector


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Write the elements of `vec` into `parameters`, one after the other."""
    start = 0
    for parameter in parameters:
        array = parameter._writable()
        array[...] = vec._array[start : start + array.size].reshape(array.shape)
        parameter._bump()
        start += array.size
        if events.listener is not None:
            events.listener(events.Written(parameter, "vector_to_parameters"))
