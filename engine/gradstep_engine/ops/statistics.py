"""Variance, standard deviation and norms over dimensions."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.reduction import Axes, Reduction, add_reduce

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
        self._note(a, dim, keepdim)
        self.saved = (a,)
        self.degrees = max(self._count() - correction, 0)
        if self.degrees <= 0:
            warnings.warn(_NO_FREEDOM.format(self.op_name), UserWarning, stacklevel=4)
        centred = a - np.mean(a, axis=dim, keepdims=True)
        total = add_reduce(centred * centred, axis=dim, keepdims=keepdim)
        return total / a.dtype.type(self.degrees)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (a,) = self.saved
        centred = a - np.mean(a, axis=self.axes, keepdims=True)
        return (self._spread(grad) * centred * self._scale(),)

    def backward_tensors(self, grad: Any) -> Any:
        a = self.input(0)
        centred = a - a.mean(self.axes, True)
        return (self._spread(grad) * centred * self._scale(),)

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
        centred = a - np.mean(a, axis=self.axes, keepdims=True)
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
            return (grad * np.sign(a) * self._share_of_largest(),)
        ratio = np.where(norm == 0, zero, np.abs(a) / norm)
        return (grad * np.sign(a) * np.power(ratio, self.p - 1),)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, grad = self.input(0), self._spread(grad)
        if self.p == 1:
            return (grad * a.sign(),)
        if self.p == 0:
            return (grad * 0 * a,)
        if math.isinf(self.p):
            return (grad * a.sign() * wrap(self._share_of_largest()),)
        norm = a.norm(self.p, self.axes, True)
        if self.p == 2:
            return ((grad / norm).masked_fill(norm == 0, 0) * a,)
        ratio = (a.abs() / norm).masked_fill(norm == 0, 0)
        return (grad * a.sign() * ratio ** (self.p - 1),)

    def _share_of_largest(self) -> Any:
        assert self.saved is not None
        a, result = self.saved
        hit = np.abs(a) == self._spread(result)
        return hit / add_reduce(hit.astype(a.dtype), axis=self.axes, keepdims=True)
