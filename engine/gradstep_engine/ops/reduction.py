"""Sums, products and statistics over dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.ops.axes import with_axes

Axes = tuple[int, ...] | None

add_reduce: Any = np.add.reduce
_multiply_reduce: Any = np.multiply.reduce
_and_reduce: Any = np.logical_and.reduce
_or_reduce: Any = np.logical_or.reduce


class Reduction(Op):
    """Reduces `axes` (None: all). `forward` notes what its backward needs to spread the grad."""

    def _note(self, a: Any, axes: Axes, keepdim: bool) -> None:
        self.shape: tuple[int, ...] = a.shape
        self.axes = axes
        self.keepdim = keepdim

    def _spread(self, grad: Any) -> Any:
        """Return `grad` with the reduced dimensions of size 1 put back."""
        return with_axes(grad, self.axes, self.keepdim, len(self.shape))

    def _count(self) -> int:
        axes = range(len(self.shape)) if self.axes is None else self.axes
        return math.prod(self.shape[axis] for axis in axes)


class Sum(Reduction):
    """Σ a.  ∂/∂a = grad, spread over the summed elements."""

    op_name = "sum"
    node_name = "SumBackward0"

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        self._note(a, dim, keepdim)
        if dim is not None:
            self.node_name = "SumBackward1"
        if a.dtype.kind in "iub":
            return add_reduce(a, axis=dim, keepdims=keepdim, dtype=np.int64)
        return add_reduce(a, axis=dim, keepdims=keepdim)

    def backward(self, grad: Any) -> Any:
        if not self.shape:
            return (grad,)
        return (np.broadcast_to(self._spread(grad), self.shape),)


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
        if dim is not None:
            self.node_name = "MeanBackward1"
        self.count = self._count()
        total = add_reduce(a, axis=dim, keepdims=keepdim)
        return total / a.dtype.type(self.count)

    def backward(self, grad: Any) -> Any:
        share = self._spread(grad) / grad.dtype.type(self.count)
        return (np.broadcast_to(share, self.shape) if self.shape else share,)


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
        self.saved = (a,)
        dtype = np.int64 if a.dtype.kind in "iub" else None
        return _multiply_reduce(a, axis=dim, keepdims=keepdim, dtype=dtype)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (a,) = self.saved
        if not a.shape:
            return (grad * 1,)
        if self.axes is None:
            others = _product_of_others(a.reshape(-1), 0).reshape(a.shape)
        else:
            others = _product_of_others(a, self.axes[0])
        return (self._spread(grad) * others,)


def _product_of_others(a: Any, axis: int) -> Any:
    one = np.ones_like(np.take(a, [0], axis))
    size = a.shape[axis]
    before = np.cumprod(np.concatenate([one, np.take(a, range(size - 1), axis)], axis), axis)
    backwards = np.flip(a, axis)
    after = np.cumprod(np.concatenate([one, np.take(backwards, range(size - 1), axis)], axis), axis)
    return before * np.flip(after, axis)


class Var(Reduction):
    """Σ (a − mean)² / (n − correction).  ∂/∂a = grad · 2 (a − mean) / (n − correction)."""

    op_name = "var"
    node_name = "VarBackward0"
    saves = (0,)
    fresh = True

    def forward(
        self, a: Any, *, dim: Axes = None, keepdim: bool = False, correction: float = 1
    ) -> Any:
        self._note(a, dim, keepdim)
        self.saved = (a,)
        self.degrees = max(self._count() - correction, 0)
        centred = a - np.mean(a, axis=dim, keepdims=True)
        total = add_reduce(centred * centred, axis=dim, keepdims=keepdim)
        return total / a.dtype.type(self.degrees)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (a,) = self.saved
        centred = a - np.mean(a, axis=self.axes, keepdims=True)
        return (self._spread(grad) * centred * a.dtype.type(2 / self.degrees),)


class Std(Var):
    """√var.  ∂/∂a = grad · (a − mean) / (std · (n − correction)), 0 where std is 0."""

    op_name = "std"
    node_name = "StdBackward0"

    def forward(
        self, a: Any, *, dim: Axes = None, keepdim: bool = False, correction: float = 1
    ) -> Any:
        result = np.sqrt(super().forward(a, dim=dim, keepdim=keepdim, correction=correction))
        self.saved = (a, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, std = self.saved
        spread = self._spread(std)
        centred = a - np.mean(a, axis=self.axes, keepdims=True)
        slope = self._spread(grad) / (spread * a.dtype.type(self.degrees))
        return (np.where(spread == 0, a.dtype.type(0), slope) * centred,)


class Norm(Reduction):
    """(Σ |a|ᵖ)^(1/p).  ∂/∂a = grad · sign a · (|a| / norm)ᵖ⁻¹, 0 where the norm is 0."""

    op_name = "norm"
    node_name = "LinalgVectorNormBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, p: float = 2, dim: Axes = None, keepdim: bool = False) -> Any:
        self._note(a, dim, keepdim)
        self.p = p
        size = np.abs(a)
        if p == 2:
            result = np.sqrt(add_reduce(a * a, axis=dim, keepdims=keepdim))
        elif p == 1:
            result = add_reduce(size, axis=dim, keepdims=keepdim)
        elif p == math.inf:
            result = np.max(size, axis=dim, keepdims=keepdim)
        elif p == -math.inf:
            result = np.min(size, axis=dim, keepdims=keepdim)
        elif p == 0:
            result = add_reduce((a != 0).astype(a.dtype), axis=dim, keepdims=keepdim)
        else:
            result = np.power(add_reduce(size**p, axis=dim, keepdims=keepdim), 1 / p)
        self.saved = (a, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, result = self.saved
        norm, grad = self._spread(result), self._spread(grad)
        zero = a.dtype.type(0)
        if self.p == 2:
            return (np.where(norm == 0, zero, grad / norm) * a,)
        if self.p == 1:
            return (grad * np.sign(a),)
        if self.p == 0:
            return (grad * zero * a,)
        if math.isinf(self.p):
            hit = np.abs(a) == norm
            share = hit / add_reduce(hit.astype(a.dtype), axis=self.axes, keepdims=True)
            return (grad * np.sign(a) * share,)
        ratio = np.where(norm == 0, zero, np.abs(a) / norm)
        return (grad * np.sign(a) * np.power(ratio, self.p - 1),)


class LogSumExp(Reduction):
    """ln Σ eᵃ, computed from the largest element.  ∂/∂a = grad · softmax a."""

    op_name = "logsumexp"
    node_name = "LogsumexpBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        self._note(a, dim, keepdim)
        top = np.max(a, axis=dim, keepdims=True)
        top = np.where(np.isfinite(top), top, a.dtype.type(0))
        result = np.log(add_reduce(np.exp(a - top), axis=dim, keepdims=True)) + top
        self.saved = (a, result)
        return result if keepdim else np.squeeze(result, axis=dim)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, result = self.saved
        return (self._spread(grad) * np.exp(a - result),)


class Cumsum(Op):
    """Running sums along `dim`.  ∂/∂a = running sums of grad from the end."""

    op_name = "cumsum"
    node_name = "CumsumBackward0"
    fresh = True

    def forward(self, a: Any, *, dim: int) -> Any:
        self.dim = dim
        if not a.shape:
            return a * 1
        return np.cumsum(a, axis=dim, dtype=np.int64 if a.dtype.kind in "iub" else None)

    def backward(self, grad: Any) -> Any:
        if not grad.shape:
            return (grad * 1,)
        return (np.flip(np.cumsum(np.flip(grad, self.dim), axis=self.dim), self.dim),)


class AllOf(Op):
    """Whether all elements are non-zero."""

    op_name = "all"
    differentiable = False

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        return _and_reduce(a, axis=dim, keepdims=keepdim)


class AnyOf(Op):
    """Whether an element is non-zero."""

    op_name = "any"
    differentiable = False

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        return _or_reduce(a, axis=dim, keepdims=keepdim)
