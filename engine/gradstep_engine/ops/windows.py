"""Views that look at the same element more than once or step over some, and diagonals written."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from gradstep_engine.autograd.function import Op
from gradstep_engine.ops.indexing import diagonal_index, placed_in_zeros


class Looking(Op):
    """A view whose elements may lie anywhere in the source; grad is added up where they lie.

    Subclasses say in `look` where they look; on an array of numbers it tells the places.
    """

    view = True
    fresh = True

    def look(self, a: Any) -> Any:
        raise NotImplementedError

    def _places(self) -> Any:
        count = math.prod(self.shape)
        return self.look(np.arange(count).reshape(self.shape))

    shape: tuple[int, ...] = ()

    def backward(self, grad: Any) -> Any:
        flat = np.zeros(math.prod(self.shape), grad.dtype)
        np.add.at(flat, self._places(), grad)
        return (flat.reshape(self.shape),)

    def backward_tensors(self, grad: Any) -> Any:
        count = (math.prod(self.shape),)
        flat = placed_in_zeros(grad, (self._places(),), count, accumulate=True)
        return (flat.reshape(self.shape),)


class Unfold(Looking):
    """Windows of `size` elements, `step` apart, along `dim`; they become the last dimension."""

    op_name = "unfold"
    node_name = "UnfoldBackward0"

    def forward(self, a: Any, *, dim: int, size: int, step: int) -> Any:
        self.shape = a.shape
        self.dim, self.size, self.step = dim, size, step
        return self.look(a)

    def look(self, a: Any) -> Any:
        if not a.ndim:
            return a.reshape(1)[: self.size]
        writeable = bool(a.flags.writeable)
        windows = sliding_window_view(a, self.size, self.dim, writeable=writeable)
        return windows[(*(slice(None),) * self.dim, slice(None, None, self.step))]


class AsStrided(Looking):
    """Elements at given distances in memory, counted from the tensor's first one."""

    op_name = "as_strided"
    node_name = "AsStridedBackward0"

    def forward(self, a: Any, *, size: tuple[int, ...], stride: tuple[int, ...], start: int) -> Any:
        self.shape = a.shape
        self.size, self.stride, self.start = size, stride, start
        return self.look(a)

    def look(self, a: Any) -> Any:
        steps = tuple([step * a.itemsize for step in self.stride])
        return as_strided(a.reshape(-1)[self.start :], self.size, steps)


class DiagEmbed(Op):
    """Zeros with the last dimension of a on a diagonal.  ∂/∂a = that diagonal of grad."""

    op_name = "diag_embed"
    node_name = "DiagEmbedBackward0"

    def forward(self, a: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
        rank = a.ndim + 1
        self.where = offset, dim1 % rank, dim2 % rank
        side = a.shape[-1] + abs(offset)
        shape = list(a.shape[:-1])
        for dim in sorted(self.where[1:]):
            shape.insert(dim, side)
        result = np.zeros(shape, a.dtype)
        result[diagonal_index(result.shape, *self.where)] = a
        return result

    def backward(self, grad: Any) -> Any:
        return (grad.diagonal(*self.where),)

    backward_tensors = backward
