"""Variance, standard deviation and norms over dimensions."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import wrap
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.ops.reduction import Axes, Reduction, add_reduce
from gradstep_engine.ops.unary import signs

_NO_FREEDOM = (
    "{}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
    "factor (input numel divided by output numel)."
)


class Var(Reduction):
    """Σ (a − mean)² / (n − correction).  ∂/∂a = grad · 2 (a − mean) / (n − correction)."""

    op_name = "var"
    node_name = "VarBackward0"
    saves = (0,)
    fresh = True

    def forward(
        self, a: Any, *, dim: Axes = None, keepdim: bool = False, correction: float = 1
    ) -> Any:
        if a.dtype.kind != "f":
            raise RuntimeError("std and var only support floating point and complex dtypes")
        self._note(a, dim, keepdim)
        self.saved = (a,)
        self.degrees = max(self._count() - correction, 0)
        if self.degrees <= 0:
            warnings.warn(_NO_FREEDOM.format(self.op_name), UserWarning, stacklevel=4)
        centred = a - self._mean(a)
        total = add_reduce(centred * centred, axis=dim, keepdims=keepdim)
        return total / a.dtype.type(self.degrees)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (a,) = self.saved
        centred = a - self._mean(a)
        return (self._spread(grad) * centred * self._scale(),)

    def backward_tensors(self, grad: Any) -> Any:
        a = self.input(0)
        centred = a - a.mean(self.axes, True)
        return (self._spread(grad) * centred * self._scale(),)

    def _mean(self, a: Any) -> Any:
        return add_reduce(a, axis=self.axes, keepdims=True) / a.dtype.type(self._count())

    def _scale(self) -> float:
        return 2 / self.degrees if self.degrees else math.inf


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
        centred = a - self._mean(a)
        slope = self._spread(grad) / (spread * a.dtype.type(self.degrees))
        return (np.where(spread == 0, a.dtype.type(0), slope) * centred,)

    def backward_tensors(self, grad: Any) -> Any:
        a = self.input(0)
        centred = a - a.mean(self.axes, True)
        correction = self._count() - self.degrees
        std = a.std(self.axes, keepdim=True, correction=correction)
        slope = self._spread(grad) / (std * self.degrees)
        return (slope.masked_fill(std == 0, 0) * centred,)


class Norm(Reduction):
    """(Σ |a|ᵖ)^(1/p).  ∂/∂a = grad · sign a · (|a| / norm)ᵖ⁻¹, 0 where the norm is 0.

    Infinite p: the largest (smallest) |a| counts, and equal ones share the gradient evenly.
    """

    op_name = "norm"
    node_name = "LinalgVectorNormBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, p: float = 2, dim: Axes = None, keepdim: bool = False) -> Any:
        if a.dtype.kind != "f":
            raise RuntimeError(
                "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
                f"{of_numpy(a.dtype).cpu_type}"
            )
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
        norm, grad, p = self._spread(result), self._spread(grad), self.p
        zero = a.dtype.type(0)
        if p == 2:
            return (grad * np.where(norm == 0, zero, a / norm),)
        if p == 1:
            return (grad * signs(a),)
        if p == 0:
            return (None,)  # flat, as torch says too
        if math.isinf(p):
            hit, count = self._largest()
            return (signs(a) * (grad / count * hit),)
        if p < 1:
            own = signs(a) * np.where(a == 0, zero, np.power(np.abs(a), p - 1))
            return (own * grad * np.power(norm, 1 - p),)
        own = signs(a) * np.power(np.abs(a), p - 1)
        return (own * np.where(norm == 0, zero, grad / np.power(norm, p - 1)),)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, grad, p = self.input(0), self._spread(grad), self.p
        if p == 1:
            return (grad * a.sign(),)
        if p == 0:
            return (None,)
        if math.isinf(p):
            hit, count = self._largest()
            return (a.sign() * (grad / wrap(count) * wrap(hit)),)
        norm = a.norm(p, self.axes, True)
        if p == 2:
            return (grad * (a / norm).masked_fill(norm == 0, 0),)
        if p < 1:
            own = a.sign() * (a.abs() ** (p - 1)).masked_fill(a == 0, 0)
            return (own * grad * norm ** (1 - p),)
        own = a.sign() * a.abs() ** (p - 1)
        return (own * (grad / norm ** (p - 1)).masked_fill(norm == 0, 0),)

    def _largest(self) -> tuple[Any, Any]:
        """Return where the largest (smallest) elements and NaN are, and how many along the axes."""
        assert self.saved is not None
        a, result = self.saved
        size = np.abs(a)
        hit = (size == self._spread(result)) | np.isnan(size)
        return hit, add_reduce(hit.astype(a.dtype), axis=self.axes, keepdims=True)
