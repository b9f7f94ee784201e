"""Random numbers that are differentiable by what they were drawn with.

Where F(x; α) is the distribution function, dx/dα = −(∂F/∂α) / (∂F/∂x) (implicit differentiation,
Figurnov et al., 2018). ∂F/∂α is summed term by term from the series of F.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.draws import rejection
from gradstep_engine.ops.special import digamma
from gradstep_engine.randomness import Generator

_TERMS = 4000
_ENOUGH = 1e-17
_LARGE = 1000.0  # from this shape on the sampler's own transformation is exact enough


class StandardGamma(Op):
    """x drawn from the gamma distribution with shape α and rate 1.  ∂/∂α = grad · dx/dα."""

    op_name = "_standard_gamma"
    node_name = "StandardGammaBackward0"
    saves = (0,)
    saves_output = True
    fresh = True

    def forward(self, alpha: Any, *, stream: Generator) -> Any:
        shapes = np.asarray(alpha)
        drawn = [rejection.gamma(stream, shape) for shape in shapes.ravel().tolist()]
        tiny = np.finfo(shapes.dtype).tiny
        x = np.maximum(np.array(drawn, shapes.dtype).reshape(shapes.shape), tiny)
        self.saved = (x, shapes)
        return x

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, alpha = self.saved
        return (grad * gamma_slope(x, alpha).astype(alpha.dtype),)


def gamma_slope(x: Any, alpha: Any) -> Any:
    """Return dx/dα: x Σ x^k Γ(α) / Γ(α + k + 1) · (ψ(α + k + 1) − log x)."""
    x, alpha = np.asarray(x, np.float64), np.asarray(alpha, np.float64)
    large = alpha > _LARGE
    a = np.where(large, 1.0, alpha)
    y = np.where(large, 1.0, x)
    psi, logarithm = digamma(a + 1), np.log(y)
    term = 1 / a
    total = term * (psi - logarithm)
    for k in range(1, _TERMS):
        psi = psi + 1 / (a + k)
        term = term * (y / (a + k))
        added = term * (psi - logarithm)
        total = total + added
        if np.all(np.abs(added) <= _ENOUGH * np.abs(total) + 1e-300) and k > np.max(y - a):
            break
    d = np.where(large, alpha - 1 / 3, 1.0)
    root = np.cbrt(np.where(large, x, 1.0) / d)
    by_sampler = root**3 - 0.5 * (root - 1) * root**2 * 3
    return np.where(large, by_sampler, y * total)


class SampleDirichlet(Op):
    """x drawn from the Dirichlet distribution with concentrations α along the last axis.

    ∂/∂α_i = s_i (grad_i − Σ_j grad_j x_j) with s = (dx/dα) / (1 − x) of the Beta marginals.
    """

    op_name = "_sample_dirichlet"
    node_name = "_DirichletBackward"
    saves = (0,)
    saves_output = True
    fresh = True

    def forward(self, alpha: Any, *, stream: Generator) -> Any:
        rows = alpha.reshape(-1, alpha.shape[-1])
        drawn = [rejection.dirichlet(stream, row) for row in rows.tolist()]
        kind = np.finfo(alpha.dtype)
        x = np.array(drawn, np.float64).reshape(alpha.shape).astype(alpha.dtype)
        x = np.clip(x, kind.tiny, 1 - kind.epsneg)
        self.saved = (x, alpha)
        return x

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, alpha = self.saved
        total = np.add.reduce(alpha, axis=-1, keepdims=True)
        slope = beta_slope(x, alpha, total - alpha) / (1 - x)
        across = np.add.reduce(grad * x, axis=-1, keepdims=True)
        return ((slope * (grad - across)).astype(alpha.dtype),)


def beta_slope(x: Any, a: Any, b: Any) -> Any:
    """Return dx/da of a Beta number, from the series of I_x(a, b) or of 1 − I_{1−x}(b, a)."""
    x, a, b = (np.asarray(each, np.float64) for each in (x, a, b))
    upper = x > (a + 1) / (a + b + 2)
    near, first = np.where(upper, 1 - x, x), np.where(upper, b, a)
    psi = digamma(a + b)
    offset = np.log(x) - np.where(upper, digamma(a), 0.0)
    psi_below = np.where(upper, 0.0, digamma(a + 1))
    term = np.ones_like(x)
    total = term * (offset + psi - psi_below)
    for n in range(_TERMS):
        term = term * near * ((a + b + n) / (first + 1 + n))
        psi = psi + 1 / (a + b + n)
        psi_below = np.where(upper, 0.0, psi_below + 1 / (a + 1 + n))
        added = term * (offset + psi - psi_below)
        total = total + added
        if np.all(np.abs(added) <= _ENOUGH * np.abs(total) + 1e-300):
            break
    return np.where(upper, 1.0, -1.0) * x * (1 - x) / first * total
