"""Sums, products and statistics over dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.ops.axes import with_axes
from gradstep_engine.ops.elementwise import as_float

Axes = tuple[int, ...] | None

_SMALL = 2048

add_reduce: Any = np.add.reduce
_multiply_reduce: Any = np.multiply.reduce
_and_reduce: Any = np.logical_and.reduce
_or_reduce: Any = np.logical_or.reduce


class Reduction(Op):
    """Reduces `axes` (None: all). `forward` notes what its backward needs to spread the grad."""

    shape: tuple[int, ...]
    axes: Axes = None
    keepdim: bool = False

    def _note(self, a: Any, axes: Axes, keepdim: bool) -> None:
        self.shape = a.shape
        if axes is not None:
            self.axes = axes
        if keepdim:
            self.keepdim = keepdim

    def _spread(self, grad: Any) -> Any:
        """Return `grad` with the reduced dimensions of size 1 put back."""
        return with_axes(grad, self.axes, self.keepdim, len(self.shape))

    def _count(self) -> int:
        axes = range(len(self.shape)) if self.axes is None else self.axes
        return math.prod(self.shape[axis] for axis in axes)


def spread_out(grad: Any, shape: tuple[int, ...]) -> Any:
    """Return `grad` in the given shape: written out where it is small, else a view of one memory.

    Making a broadcast view takes numpy longer than writing a thousand elements.
    """
    if math.prod(shape) > _SMALL:
        return np.broadcast_to(grad, shape)
    result = np.empty(shape, grad.dtype)
    result[...] = grad
    return result


class Sum(Reduction):
    """Σ a.  ∂/∂a = grad, spread over the summed elements."""

    op_name = "sum"
    node_name = "SumBackward0"

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        self._note(a, dim, keepdim)
        if dim is not None or keepdim:
            self.node_name = "SumBackward1"
        if a.dtype.kind in "iub":
            return add_reduce(a, axis=dim, keepdims=keepdim, dtype=np.int64)
        if dim is None and not keepdim:
            return add_reduce(a, axis=None)
        return add_reduce(a, axis=dim, keepdims=keepdim)

    def backward(self, grad: Any) -> Any:
        if not self.shape:
            return (grad,)
        return (spread_out(self._spread(grad), self.shape),)

    def backward_tensors(self, grad: Any) -> Any:
        return (self._spread(grad).expand(self.shape),)


class NanSum(Sum):
    """Σ a without what is not a number.  ∂/∂a = grad where a is a number, else 0."""

    op_name = "nansum"
    node_name = "NansumBackward0"
    fresh = True

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        hole = np.isnan(a)
        result = super().forward(np.where(hole, a.dtype.type(0), a), dim=dim, keepdim=keepdim)
        self.node_name = "NansumBackward0"
        self.saved = (hole,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return (self._spread(grad) * ~self.saved[0],)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        return (self._spread(grad) * wrap(~self.saved[0]),)


class Mean(Reduction):
    """Σ a / n.  ∂/∂a = grad / n, spread over the averaged elements."""

    op_name = "mean"
    node_name = "MeanBackward0"

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        self._note(a, dim, keepdim)
        if a.dtype.kind != "f":
            raise RuntimeError(
                "mean(): could not infer output dtype. Input dtype must be either a floating point "
                f"or complex dtype. Got: {of_numpy(a.dtype).cpu_type}"
            )
        if dim is not None or keepdim:
            self.node_name = "MeanBackward1"
        if dim is None and not keepdim:
            self.count = count = a.size
            return add_reduce(a, axis=None) / a.dtype.type(count)
        self.count = self._count()
        total = add_reduce(a, axis=dim, keepdims=keepdim)
        return total / a.dtype.type(self.count)

    def backward(self, grad: Any) -> Any:
        share = self._spread(grad) / grad.dtype.type(self.count)
        return (spread_out(share, self.shape) if self.shape else share,)

    def backward_tensors(self, grad: Any) -> Any:
        return ((self._spread(grad) / self.count).expand(self.shape),)


class Prod(Reduction):
    """Π a.  ∂/∂aᵢ = grad · Π of the others (safe where some are zero)."""

    op_name = "prod"
    node_name = "ProdBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        self._note(a, dim, keepdim)
        if dim is not None:
            self.node_name = "ProdBackward1"
        dtype = np.int64 if a.dtype.kind in "iub" else None
        result = _multiply_reduce(a, axis=dim, keepdims=keepdim, dtype=dtype)
        self.saved = (a, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, result = self.saved
        if not a.shape:
            return (grad * 1,)
        if not a.size:
            return (np.zeros_like(a),)
        if self.axes is None:
            zeros = np.count_nonzero(np.equal(a, 0))
            if zeros > 1:
                return (np.zeros_like(a),)
            if not zeros:
                return (self._spread(grad) * (self._spread(result) / a),)
            others = _product_of_others(a.reshape(-1), 0).reshape(a.shape)
        else:
            others = _product_of_others(a, self.axes[0])
        return (self._spread(grad) * others,)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a = self.input(0)
        if not self.shape:
            return (grad,)
        if np.all(self.saved[0]):
            return (self._spread(grad * self._again(a)) / a,)
        if self.axes is None:
            others = _product_of_other_tensors(a.reshape(-1)).reshape(self.shape)
        else:
            order = list(range(a.ndim))
            order[self.axes[0]], order[-1] = order[-1], order[self.axes[0]]
            others = _product_of_other_tensors(a.permute(order)).permute(order)
        return (self._spread(grad) * others,)

    def _again(self, a: Any) -> Any:
        return a.prod() if self.axes is None else a.prod(self.axes[0], self.keepdim)


def _product_of_others(a: Any, axis: int) -> Any:
    one = np.ones_like(np.take(a, [0], axis))
    size = a.shape[axis]
    before = np.cumprod(np.concatenate([one, np.take(a, range(size - 1), axis)], axis), axis)
    backwards = np.flip(a, axis)
    after = np.cumprod(np.concatenate([one, np.take(backwards, range(size - 1), axis)], axis), axis)
    return before * np.flip(after, axis)


def _product_of_other_tensors(a: Any) -> Any:
    """Return for every element the product of the others in the last dimension, n² products."""
    size = a.shape[-1]
    square = a.unsqueeze(-2).expand(*a.shape, size)
    return square.masked_fill(wrap(np.eye(size, dtype=bool)), 1).prod(-1)


class LogSumExp(Reduction):
    """ln Σ eᵃ, computed from the largest element.  ∂/∂a = grad · softmax a."""

    op_name = "logsumexp"
    node_name = "LogsumexpBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        a = as_float(a)
        self._note(a, dim, keepdim)
        if not a.size:
            result = np.log(add_reduce(np.exp(a), axis=dim, keepdims=keepdim))
            self.saved = (a, result)
            return result
        top = np.max(a, axis=dim, keepdims=True)
        top = np.where(np.isfinite(top), top, a.dtype.type(0))
        result = np.log(add_reduce(np.exp(a - top), axis=dim, keepdims=True)) + top
        result = result if keepdim else np.squeeze(result, axis=dim)
        self.saved = (a, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, result = self.saved
        return (self._spread(grad) * np.exp(a - self._spread(result)),)

    def backward_tensors(self, grad: Any) -> Any:
        a = self.input(0)
        return (self._spread(grad) * (a - a.logsumexp(self.axes, True)).exp(),)


class AllOf(Op):
    """Whether all elements are non-zero."""

    op_name = "all"
    differentiable = False

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        result = _and_reduce(a, axis=dim, keepdims=keepdim)
        return result.astype(np.uint8) if a.dtype == np.uint8 else result


class AnyOf(Op):
    """Whether an element is non-zero."""

    op_name = "any"
    differentiable = False

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        result = _or_reduce(a, axis=dim, keepdims=keepdim)
        return result.astype(np.uint8) if a.dtype == np.uint8 else result
