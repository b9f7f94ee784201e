"""Tensors as parts of memories: which of them share one, and how to lay them over it again."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine import dtypes
from gradstep_engine.nn.parameter import Buffer, Parameter
from gradstep_engine.tensor import Tensor, wrap

KINDS = "biuf"
"""Numpy's kinds of elements that can be saved."""

_EXPANDED_LIMIT = 1 << 26  # elements that an expanded tensor may show without having them


def memories(arrays: list[Any]) -> tuple[list[Any], list[dict[str, Any]]]:
    """Return the distinct memories behind `arrays`, flat, and where in them each array lies."""
    flats: list[Any] = []
    places: list[dict[str, Any]] = [{} for _ in arrays]
    for group in _grouped(arrays):
        flat = _flat(_root(arrays[group[0]])) if len(group) > 1 else None
        if flat is None or not all(_lies_in(arrays[i], flat) for i in group):
            for i in group:
                array = np.ascontiguousarray(arrays[i]).reshape(arrays[i].shape)
                places[i] = _place(len(flats), 0, array)
                flats.append(array.reshape(-1))
            continue
        for i in group:
            offset = (_address(arrays[i]) - _address(flat)) // flat.itemsize
            places[i] = _place(len(flats), offset, arrays[i])
        flats.append(flat)
    return flats, places


def _grouped(arrays: list[Any]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for i, array in enumerate(arrays):
        groups.setdefault(id(_root(array)), []).append(i)
    return list(groups.values())


def _root(array: Any) -> Any:
    """Return the array that owns the memory."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _flat(root: Any) -> Any:
    """Return `root` as one row in the order of its memory, None if there are gaps in it."""
    order = sorted(range(root.ndim), key=lambda axis: -root.strides[axis])
    ordered = root.transpose(order)
    return ordered.reshape(-1) if ordered.flags.c_contiguous else None


def _lies_in(array: Any, flat: Any) -> bool:
    """Return whether `array` can be told as offset and strides in `flat`, without repetition."""
    if array.dtype != flat.dtype:
        return False
    pairs = zip(array.shape, array.strides, strict=True)
    return all(stride > 0 or size == 1 for size, stride in pairs) and array.size > 0


def _address(array: Any) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _place(memory: int, offset: int, array: Any) -> dict[str, Any]:
    return {
        "memory": memory,
        "offset": offset,
        "shape": list(array.shape),
        "strides": [stride // array.itemsize for stride in array.strides],
    }


def laid_over(flat: Any, offset: Any, shape: Any, strides: Any) -> Any:
    """Return the array of `shape` that lies in `flat` with these steps, all in elements.

    Raises:
        ValueError: it would look outside the memory, or show far more elements than there are.
    """
    numbers = [offset, *shape, *strides]
    if len(shape) != len(strides) or any(type(n) is not int or n < 0 for n in numbers):
        raise ValueError("a tensor's sizes or strides are no counts")
    count = 1
    for size in shape:
        count *= size
    if count == 0:
        return np.zeros(shape, flat.dtype)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if last >= len(flat) or count > max(len(flat), _EXPANDED_LIMIT) or len(shape) > 64:
        raise ValueError("a tensor does not fit into its memory")
    steps = [step * flat.itemsize for step in strides]
    array = np.ndarray(shape, flat.dtype, flat, offset * flat.itemsize, steps)
    repeating = any(n > 1 and step == 0 for n, step in zip(shape, strides, strict=True))
    if repeating or count > len(flat):
        array.flags.writeable = False  # a write copies it first
    return array


def as_tensor(array: Any, kind: str, requires_grad: Any) -> Tensor:
    """Return a tensor, parameter or buffer on `array`.

    Raises:
        ValueError: the engine has no tensor of that sort.
    """
    if array.dtype not in [each.numpy for each in dtypes.ALL]:
        raise ValueError(f"there are no tensors of {array.dtype}")
    if type(requires_grad) is not bool or (requires_grad and array.dtype.kind != "f"):
        raise ValueError("a tensor's requires_grad is wrong")
    tensor = wrap(array)
    if kind == "parameter":
        return Parameter(tensor, requires_grad)
    if kind == "buffer":
        return Buffer(tensor)
    if kind != "tensor":
        raise ValueError(f"there are no tensors of kind {kind!r}")
    tensor._requires_grad = requires_grad
    return tensor
