"""Functions around the gamma function, and the inverse of the error function.

Series of Stirling's kind at arguments of at least ten, where they hold to float64's precision;
smaller arguments are brought there by recurrence, negative ones by reflection.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.ops.elementwise import as_float
from gradstep_engine.ops.erf import erf, erfc
from gradstep_engine.ops.unary import OfInput, OfOutput

_STEPS = 10
# B₂ₖ, the Bernoulli numbers
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
_HALF_LOG_TURN = 0.5 * math.log(2 * math.pi)


def lgamma(x: Any) -> Any:
    """Return log |Γ(x)| elementwise, to about 1e-15 absolute or relative."""
    x = np.asarray(x)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        result = _lgamma_positive(np.where(wide < 0.5, 1 - wide, wide))
        reflected = np.log(np.abs(np.pi / np.sin(np.pi * np.fmod(wide, 2)))) - result
        result = np.where(wide < 0.5, reflected, result)
        result = np.where((wide <= 0) & (wide == np.floor(wide)), np.inf, result)
        result = np.where(np.isinf(wide), np.inf, result)
    return result.astype(x.dtype)[()]


def _lgamma_positive(x: Any) -> Any:
    product = np.ones_like(x)
    small = x < _STEPS
    for step in range(_STEPS):
        product = np.where(small, product * (x + step), product)
    y = np.where(small, x + _STEPS, x)
    inverse = 1 / y
    square = inverse * inverse
    tail = np.zeros_like(y)
    for k in range(len(_BERNOULLI), 0, -1):
        tail = tail * square + _BERNOULLI[k - 1] / (2 * k * (2 * k - 1))
    result = (y - 0.5) * np.log(y) - y + _HALF_LOG_TURN + tail * inverse - np.log(product)
    # Γ(1) and Γ(2) are 1, which the recurrence reaches only up to rounding.
    return np.where((x == 1) | (x == 2), 0.0, result)


def digamma(x: Any) -> Any:
    """Return Γ'(x) / Γ(x) elementwise; −∞ or +∞ at 0 by its sign, NaN at other poles."""
    x = np.asarray(x)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        y = np.where(wide < 0, 1 - wide, wide)
        small = y < _STEPS
        lost = np.zeros_like(y)
        for step in range(_STEPS):
            lost = np.where(small, lost + 1 / (y + step), lost)
        z = np.where(small, y + _STEPS, y)
        square = 1 / (z * z)
        tail = np.zeros_like(z)
        for k in range(len(_BERNOULLI), 0, -1):
            tail = tail * square + _BERNOULLI[k - 1] / (2 * k)
        result = np.log(z) - 0.5 / z - tail * square - lost
        reflected = result - np.pi / np.tan(np.pi * np.fmod(wide, 1))
        result = np.where(wide < 0, reflected, result)
        result = np.where(wide == 0, np.copysign(np.inf, -wide), result)
        result = np.where((wide < 0) & (wide == np.floor(wide)), np.nan, result)
    return result.astype(x.dtype)[()]


def polygamma(n: int, x: Any) -> Any:
    """Return the n-th derivative of digamma elementwise: ±n! ζ(n + 1, x).

    ζ by the Euler–Maclaurin sum; below zero by reflection, with the n-th derivative of π cot πx.
    """
    if n == 0:
        return digamma(x)
    x = np.asarray(x)
    wide = x.astype(np.float64)
    with np.errstate(all="ignore"):
        y = np.where(wide < 0, 1 - wide, wide)
        sign = (-1) ** (n + 1)
        result = sign * math.factorial(n) * _zeta(n + 1, y)
        reflected = -sign * result - _of_cotangent(n, wide)
        result = np.where(wide < 0, reflected, result)
        result = np.where((wide < 0) & (wide == np.floor(wide)), sign * np.inf, result)
        result = np.where(np.isposinf(wide), 0.0, result)
    return result.astype(x.dtype)[()]


def _of_cotangent(n: int, x: Any) -> Any:
    """Return the n-th derivative of π cot πx, a polynomial in c = cot πx as c' = −π (1 + c²)."""
    polynomial = np.array([0.0, np.pi])
    for _ in range(n):
        slope = np.polynomial.polynomial.polyder(polynomial)
        polynomial = np.polynomial.polynomial.polymul(slope, [-np.pi, 0.0, -np.pi])
    cotangent = 1 / np.tan(np.pi * np.fmod(x, 1))
    return np.polynomial.polynomial.polyval(cotangent, polynomial)


def _zeta(s: int, x: Any) -> Any:
    """Return Σ (x + k)^(−s) over k ≥ 0, for s > 1 and x ≥ 0."""
    total = sum((x + step) ** float(-s) for step in range(_STEPS))
    y = x + _STEPS
    power = y ** float(-s)
    total = total + power * y / (s - 1) + 0.5 * power
    rising, power = float(s), power / y
    for k, bernoulli in enumerate(_BERNOULLI, start=1):
        total = total + bernoulli / math.factorial(2 * k) * rising * power
        rising *= (s + 2 * k - 1) * (s + 2 * k)
        power = power / (y * y)
    return total


# fmt: off
_CENTRE: tuple[float, ...] = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)
_TAIL: tuple[float, ...] = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)
# fmt: on
_ROOT_PI = math.sqrt(math.pi)


def erfinv(y: Any) -> Any:
    """Return x with erf x = y elementwise: Giles' polynomials (2010), refined by Halley steps."""
    given = np.asarray(y)
    y = np.abs(given.astype(np.float64))
    with np.errstate(all="ignore"):
        w = -np.log1p(-y * y)
        x = y * np.where(w < 5, np.polyval(_CENTRE, w - 2.5), np.polyval(_TAIL, np.sqrt(w) - 3))
        far = np.asarray((y > 0.75) & (y < 1))
        for _ in range(2):
            error = np.asarray(erf(x) - y)
            if far.any():
                error[far] = (1 - y[far]) - erfc(x[far])
            slope = 2 / _ROOT_PI * np.exp(-x * x)
            x = x - error / (slope + x * error)
        x = np.where(y == 1, np.inf, np.where(y > 1, np.nan, np.where(y == 0, 0.0, x)))
    return np.copysign(x, given).astype(given.dtype)[()]


class Lgamma(OfInput):
    """log |Γ(a)|.  ∂/∂a = grad · ψ(a)."""

    op_name = "lgamma"
    node_name = "LgammaBackward0"

    def value(self, a: Any) -> Any:
        return lgamma(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * digamma(a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * apply(Digamma, a)


class Digamma(OfInput):
    """ψ(a), the derivative of log Γ.  ∂/∂a = grad · ψ'(a)."""

    op_name = "digamma"
    node_name = "DigammaBackward0"

    def value(self, a: Any) -> Any:
        return digamma(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * polygamma(1, a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * apply(Polygamma, a, n=1)


class Polygamma(Op):
    """ψ⁽ⁿ⁾(a).  ∂/∂a = grad · ψ⁽ⁿ⁺¹⁾(a)."""

    op_name = "polygamma"
    node_name = "PolygammaBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, n: int) -> Any:
        a = as_float(a)
        self.saved = (a,)
        self.n = n
        return polygamma(n, a)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return (grad * polygamma(self.n + 1, self.saved[0]),)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad * apply(Polygamma, self.input(0), n=self.n + 1),)


class Entr(OfInput):
    """−a ln a, 0 at 0 and −∞ below.  ∂/∂a = −grad · (1 + ln a)."""

    op_name = "special_entr"
    node_name = "SpecialEntrBackward0"

    def value(self, a: Any) -> Any:
        result = np.where(a > 0, -a * np.log(a), a.dtype.type(-math.inf))
        return np.where(a == 0, a.dtype.type(0), np.where(np.isnan(a), a, result))[()]

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * (-1 - np.log(a))

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * (-1 - a.log())


class Erfinv(OfOutput):
    """x with erf x = a.  ∂/∂a = grad · √π/2 e^(x²)."""

    op_name = "erfinv"
    node_name = "ErfinvBackward0"

    def value(self, a: Any) -> Any:
        return erfinv(a)

    def slope(self, grad: Any, y: Any) -> Any:
        square = y * y
        growth = square.exp() if hasattr(square, "exp") else np.exp(square)
        return grad * (growth * (_ROOT_PI / 2))
