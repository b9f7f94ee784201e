"""The regularised incomplete gamma functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.ops.special import lgamma
from gradstep_engine.ops.unbroadcast import unbroadcast

_MOST = 2000


def _both(a: Any, x: Any) -> tuple[Any, Any]:
    """Return P(a, x) and Q(a, x) = 1 − P: by the series where x < a + 1, else Lentz's fraction."""
    a, x = np.broadcast_arrays(np.asarray(a, np.float64), np.asarray(x, np.float64))
    with np.errstate(all="ignore"):
        front = np.exp(a * np.log(x) - x - lgamma(a))
        in_series = x < a + 1
        lower = _series(np.where(in_series, a, 1.0), np.where(in_series, x, 0.5)) * front
        upper = _fraction(np.where(in_series, 1.0, a), np.where(in_series, 3.0, x)) * front
        p = np.where(in_series, lower, 1 - upper)
        q = np.where(in_series, 1 - lower, upper)
        for value, ends in ((p, (0.0, 1.0)), (q, (1.0, 0.0))):
            value[(x == 0) & (a > 0)] = ends[0]
            value[(np.isinf(x) & (x > 0) & np.isfinite(a)) | ((a == 0) & (x > 0))] = ends[1]
            value[(x < 0) | (a < 0) | ((a == 0) & (x == 0)) | np.isnan(a) | np.isnan(x)] = np.nan
    return p, q


def _series(a: Any, x: Any) -> Any:
    term = 1 / a
    total = term.copy()
    for n in range(1, _MOST):
        term = term * x / (a + n)
        total = total + term
        if not (term > total * 1e-17).any():
            break
    return total


def _fraction(a: Any, x: Any) -> Any:
    tiny = 1e-300
    b = x + 1 - a
    c, d = np.full_like(x, 1 / tiny), 1 / b
    h = d.copy()
    for n in range(1, _MOST):
        step = -n * (n - a)
        b = b + 2
        d = step * d + b
        d = 1 / np.where(np.abs(d) < tiny, tiny, d)
        c = b + step / c
        c = np.where(np.abs(c) < tiny, tiny, c)
        h = h * d * c
        if not (np.abs(d * c - 1) > 1e-16).any():
            break
    return h


class Igamma(Op):
    """P(a, x).  ∂/∂x = grad · x^(a−1) e^(−x) / Γ(a); not differentiable by a, as in torch."""

    op_name = "igamma"
    node_name = "IgammaBackward0"
    saves = (0, 1)
    promotes = True
    fresh = True
    sign = 1

    def forward(self, a: Any, x: Any) -> Any:
        self.saved = (a, x)
        p, q = _both(a, x)
        return (p if self.sign > 0 else q).astype(np.result_type(a, x))[()]

    def _density(self) -> Any:
        assert self.saved is not None
        a, x = self.saved
        with np.errstate(all="ignore"):
            return self.sign * np.exp((a - 1) * np.log(x) - x - lgamma(a))

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        self._refuse_first()
        return None, unbroadcast(grad * self._density(), np.shape(self.saved[1]))

    def backward_tensors(self, grad: Any) -> Any:
        self._refuse_first()
        a, x = self.input(0), self.input(1)
        slope = ((a - 1) * x.log() - x - a.lgamma()).exp() * self.sign
        return None, unbroadcast(grad * slope, tuple(x.shape))

    def _refuse_first(self) -> None:
        if self.needs(0):
            raise NotImplementedError(
                f"the derivative for '{self.op_name}: input' is not implemented."
            )


class Igammac(Igamma):
    """Q(a, x) = 1 − P(a, x), with the opposite slope."""

    op_name = "igammac"
    node_name = "IgammacBackward0"
    sign = -1


def igamma(a: Any, x: Any) -> Any:
    """Return P(a, x)."""
    return apply(Igamma, a, x)


def igammac(a: Any, x: Any) -> Any:
    """Return Q(a, x)."""
    return apply(Igammac, a, x)
