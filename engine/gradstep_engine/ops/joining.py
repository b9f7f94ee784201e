"""Several tensors made one, and one tensor taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op


class Cat(Op):
    """Tensors one after another along `dim`.  Each gets its part of grad."""

    op_name = "cat"
    node_name = "CatBackward0"
    promotes = True

    def forward(self, *arrays: Any, dim: int) -> Any:
        self.dim = dim
        self.ends = np.cumsum([a.shape[dim] for a in arrays])[:-1]
        return np.concatenate(arrays, dim)

    def backward(self, grad: Any) -> Any:
        return tuple(np.split(grad, self.ends, self.dim))


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


class Split(Op):
    """Pieces of the given sizes along `dim`, on the same memory."""

    op_name = "split"
    node_name = "SplitBackward0"
    view = True

    def forward(self, a: Any, *, sizes: tuple[int, ...], dim: int, node_name: str) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.sizes, self.dim = sizes, dim
        self.node_name = node_name
        return tuple(np.split(a, np.cumsum(sizes)[:-1], dim))

    def backward(self, *grads: Any) -> Any:
        return (_assemble(self.shape, self.dim, self.sizes, grads),)


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
