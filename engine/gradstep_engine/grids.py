"""Tensors that go together: broadcast to one shape, grids, products and combinations."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np

from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor
from gradstep_engine.tensor.joins import stack
from gradstep_engine.tensor.operands import check_broadcast

__all__ = [
    "broadcast_shapes",
    "broadcast_tensors",
    "cartesian_prod",
    "combinations",
    "meshgrid",
    "vander",
]


def _unpacked(tensors: tuple[Any, ...]) -> list[Any]:
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        return list(tensors[0])
    return list(tensors)


def broadcast_shapes(*shapes: Any) -> Size:
    """Return the shape that tensors of these shapes broadcast to.

    Raises:
        RuntimeError: two sizes differ and neither is 1.
    """
    result: list[int] = []
    for number, given in enumerate(shapes):
        shape = (given,) if isinstance(given, int) else tuple(given)
        result = [1] * (len(shape) - len(result)) + result
        for back in range(1, len(shape) + 1):
            if shape[-back] == 1 or shape[-back] == result[-back]:
                continue
            if result[-back] != 1:
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {shape[-back]} at {-back}! "
                    f"Mismatching argument at index {number} had {shape}; but expected shape "
                    f"should be broadcastable to {result}"
                )
            result[-back] = shape[-back]
    return Size(result)


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Return every tensor expanded to their common shape.

    Raises:
        RuntimeError: two sizes differ and neither is 1.
    """
    several = _unpacked(tensors)
    common: tuple[int, ...] = ()
    for tensor in several:
        check_broadcast(common, tensor._array.shape)
        common = np.broadcast_shapes(common, tensor._array.shape)
    return tuple(tensor.expand(common) for tensor in several)


@composite("meshgrid")
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Return a grid of coordinates for every vector, as views.

    Args:
        tensors: vectors or 0-d tensors of one type.
        indexing: "ij" (the first vector along the first dimension) or "xy" (along the second).

    Raises:
        RuntimeError: other shapes, several types, or another `indexing`.
    """
    several = _unpacked(tensors)
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.",
            UserWarning,
            stacklevel=3,
        )
        indexing = "ij"
    if indexing not in ("ij", "xy"):
        raise RuntimeError(
            'torch.meshgrid: indexing must be one of "xy" or "ij", but received: ' + indexing
        )
    if not several:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for tensor in several:
        if tensor._array.ndim > 1:
            raise RuntimeError(
                "torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                + str(list(tensor._array.shape))
            )
        if tensor._array.dtype != several[0]._array.dtype:
            raise RuntimeError("meshgrid expects all tensors to have the same dtype")
    swapped = indexing == "xy" and len(several) > 1
    if swapped:
        several[:2] = several[1::-1]
    shape = tuple([tensor._array.size for tensor in several])
    grids = []
    for axis, tensor in enumerate(several):
        alone = (*(1,) * axis, shape[axis], *(1,) * (len(shape) - axis - 1))
        grids.append(tensor.view(alone).expand(shape))
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def _require_vector(tensor: Any) -> None:
    if tensor._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(tensor._array.shape)}")


@composite("cartesian_prod")
def cartesian_prod(*tensors: Any) -> Tensor:
    """Return all ways to take one element of every vector, one per row."""
    for tensor in tensors:
        _require_vector(tensor)
    if len(tensors) == 1:
        return tensors[0]  # type: ignore[no-any-return]
    grids = meshgrid(*tensors, indexing="ij")
    return stack([grid.reshape(-1) for grid in grids], 1)


@composite("combinations")
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Return all ways to take `r` elements of a vector in order, one per row."""
    _require_vector(input)
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return wrap(np.empty(0, input._array.dtype))
    count = range(input._array.size)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(count, r)), np.int64).reshape(-1, r)
    source: Any = input
    return stack([source[wrap(column)] for column in rows.T], 1)


@composite("vander")
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the powers of a vector's elements, one row each; the highest first by default."""
    if x._array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = x._array.size if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    if not count:
        return wrap(np.empty((x._array.size, 0), x._array.dtype))
    powers = stack([x**n for n in range(count)], 1)
    return powers if increasing else powers.flip(1)
