"""Modified Bessel functions of the first kind, of order 0 and 1.

Their power series has positive terms only, so that nothing cancels; beyond 30 Hankel's asymptotic
series holds to float64's precision.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.unary import OfInput

_LIMIT = 30.0
_TERMS = 80
_HANKEL_TERMS = 25


def _scaled(order: int, x: Any) -> Any:
    """Return I_order(|x|) e^(−|x|) of float64."""
    size = np.abs(x)
    near, far = np.minimum(size, _LIMIT), np.maximum(size, _LIMIT)
    term = (near / 2) ** order
    total = term.copy()
    for k in range(1, _TERMS):
        term = term * (near * near / 4) / (k * (k + order))
        total = total + term
    small = total * np.exp(-near)
    term = np.ones_like(far)
    total = term.copy()
    for k in range(1, _HANKEL_TERMS):
        term = -term * (4 * order**2 - (2 * k - 1) ** 2) / (8 * k * far)
        total = total + term
    return np.where(size <= _LIMIT, small, total / np.sqrt(2 * np.pi * far))


def bessel(order: int, x: Any, scaled: bool) -> Any:
    """Return I₀ or I₁ elementwise, times e^(−|x|) if `scaled`."""
    x = np.asarray(x)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        result = _scaled(order, wide)
        if not scaled:
            result = np.exp(np.abs(wide)) * result
        if order:
            result = np.where(wide < 0, -result, result)
        return np.asarray(result).astype(x.dtype)[()]


def _near_zero(a: Any) -> Any:
    """Return where I₁(a) / a is taken for ½; NaN counts as near, as in torch."""
    return np.logical_not(np.abs(a) > np.finfo(a.dtype).eps)


class I0(OfInput):
    """I₀(a).  ∂/∂a = grad · I₁(a)."""

    op_name = "i0"
    node_name = "I0Backward0"

    def value(self, a: Any) -> Any:
        return bessel(0, a, False)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * bessel(1, a, False)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * apply(I1, a)


class I0e(OfInput):
    """I₀(a) e^(−|a|).  ∂/∂a = grad · (I₁(a) e^(−|a|) − sign(a) · result)."""

    op_name = "special_i0e"
    node_name = "SpecialI0EBackward0"

    def value(self, a: Any) -> Any:
        return bessel(0, a, True)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * (bessel(1, a, True) - np.sign(a) * bessel(0, a, True))

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * (apply(I1e, a) - a.sign() * apply(I0e, a))


class I1(OfInput):
    """I₁(a).  ∂/∂a = grad · (I₀(a) − I₁(a) / a), half of it at 0."""

    op_name = "special_i1"
    node_name = "SpecialI1Backward0"

    def value(self, a: Any) -> Any:
        return bessel(1, a, False)

    def slope(self, grad: Any, a: Any) -> Any:
        flat = _near_zero(a)
        slope = bessel(0, a, False) - bessel(1, a, False) / np.where(flat, a.dtype.type(1), a)
        return grad * np.where(flat, a.dtype.type(0.5), slope)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        flat = wrap(_near_zero(a._array))
        slope = apply(I0, a) - apply(I1, a) / a.masked_fill(flat, 1)
        return grad * slope.masked_fill(flat, 0.5)


class I1e(OfInput):
    """I₁(a) e^(−|a|).  ∂/∂a = grad · (I₀(a) e^(−|a|) − result · (sign(a) + 1 / a))."""

    op_name = "special_i1e"
    node_name = "SpecialI1EBackward0"

    def value(self, a: Any) -> Any:
        return bessel(1, a, True)

    def slope(self, grad: Any, a: Any) -> Any:
        flat = _near_zero(a)
        inverse = 1 / np.where(flat, a.dtype.type(1), a)
        slope = bessel(0, a, True) - bessel(1, a, True) * (np.sign(a) + inverse)
        return grad * np.where(flat, a.dtype.type(0.5), slope)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        flat = wrap(_near_zero(a._array))
        slope = apply(I0e, a) - apply(I1e, a) * (a.sign() + 1 / a.masked_fill(flat, 1))
        return grad * slope.masked_fill(flat, 0.5)
