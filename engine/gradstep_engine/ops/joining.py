"""Several tensors made one, and one tensor taken apart."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.ops.indexing import placed_in_zeros


class Cat(Op):
    """Tensors one after another along `dim`.  Each gets its part of grad."""

    op_name = "cat"
    node_name = "CatBackward0"
    promotes = True

    def forward(self, *arrays: Any, dim: int) -> Any:
        self.dim = dim % arrays[0].ndim
        self.ends = list(accumulate([a.shape[dim] for a in arrays]))
        return np.concatenate(arrays, dim)

    def backward(self, grad: Any) -> Any:
        return parts(grad, self.ends, self.dim)

    backward_tensors = backward


class Stack(Op):
    """Tensors of one shape along a new dimension.  Each gets its slice of grad."""

    op_name = "stack"
    node_name = "StackBackward0"
    promotes = True

    def forward(self, *arrays: Any, dim: int) -> Any:
        self.dim = dim
        return np.stack(arrays, dim)

    def backward(self, grad: Any) -> Any:
        return tuple(np.moveaxis(grad, self.dim, 0))

    def backward_tensors(self, grad: Any) -> Any:
        return grad.unbind(self.dim)


class BlockDiag(Op):
    """Matrices on the diagonal of a larger one, else zeros.  Each gets its block of grad."""

    op_name = "block_diag"
    node_name = "BlockDiagBackward0"
    promotes = True

    def forward(self, *arrays: Any) -> Any:
        self.shapes = [a.shape for a in arrays]
        sizes = [(1,) * (2 - a.ndim) + a.shape for a in arrays]
        rows, columns = (list(accumulate(each)) for each in zip(*sizes, strict=True))
        self.places = [
            (slice(row - height, row), slice(column - width, column))
            for row, column, (height, width) in zip(rows, columns, sizes, strict=True)
        ]
        result = np.zeros((rows[-1], columns[-1]), arrays[0].dtype)
        for place, array in zip(self.places, arrays, strict=True):
            result[place] = array
        return result

    def backward(self, grad: Any) -> Any:
        return tuple(
            grad[place].reshape(shape)
            for place, shape in zip(self.places, self.shapes, strict=True)
        )

    backward_tensors = backward


class Split(Op):
    """Pieces of the given sizes along `dim`, on the same memory."""

    op_name = "split"
    node_name = "SplitBackward0"
    view = True

    def forward(self, a: Any, *, sizes: tuple[int, ...], dim: int, node_name: str) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.sizes, self.dim = sizes, dim
        self.node_name = node_name
        return parts(a, list(accumulate(sizes)), dim)

    def backward(self, *grads: Any) -> Any:
        return (_assemble(self.shape, self.dim, self.sizes, grads),)

    def backward_tensors(self, *grads: Any) -> Any:
        return (_joined(self.shape, self.dim, self.sizes, grads),)


class Unbind(Op):
    """Slices along `dim`, without that dimension, on the same memory."""

    op_name = "unbind"
    node_name = "UnbindBackward0"
    view = True

    def forward(self, a: Any, *, dim: int) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.dim = dim
        moved = np.moveaxis(a, dim, 0)
        return tuple(moved[i, ...] for i in range(moved.shape[0]))

    def backward(self, *grads: Any) -> Any:
        parts = [None if grad is None else np.expand_dims(grad, self.dim) for grad in grads]
        return (_assemble(self.shape, self.dim, (1,) * len(parts), tuple(parts)),)

    def backward_tensors(self, *grads: Any) -> Any:
        parts = tuple([None if grad is None else grad.unsqueeze(self.dim) for grad in grads])
        return (_joined(self.shape, self.dim, (1,) * len(parts), parts),)


def parts(whole: Any, ends: list[int], dim: int) -> tuple[Any, ...]:
    """Return the pieces of an array or a tensor along `dim` that end at `ends`."""
    before = (slice(None),) * dim
    starts = [0, *ends[:-1]]
    return tuple(
        [
            whole[(*before, slice(start, end))] if before else whole[start:end]
            for start, end in zip(starts, ends, strict=True)
        ]
    )


def _assemble(
    shape: tuple[int, ...], dim: int, sizes: tuple[int, ...], parts: tuple[Any, ...]
) -> Any:
    """Return an array of `shape` from parts along `dim`; a missing part is zeros."""
    known = next(part for part in parts if part is not None)
    result = np.zeros(shape, known.dtype)
    along = np.moveaxis(result, dim, 0)
    start = 0
    for size, part in zip(sizes, parts, strict=True):
        if part is not None:
            along[start : start + size] = np.moveaxis(part, dim, 0)
        start += size
    return result


def _joined(
    shape: tuple[int, ...], dim: int, sizes: tuple[int, ...], parts: tuple[Any, ...]
) -> Any:
    """Return a tensor of `shape` from parts along `dim`; a missing part is zeros."""
    result = None
    start = 0
    for size, part in zip(sizes, parts, strict=True):
        if part is not None:
            place = (*(slice(None),) * dim, slice(start, start + size))
            placed = placed_in_zeros(part, place, shape)
            result = placed if result is None else result + placed
        start += size
    return result
