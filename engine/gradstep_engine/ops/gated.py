"""Activations of the form x · gate(x): GELU, SiLU, Mish, Hardswish, GLU."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.ops.activation import Softplus, sigmoid
from gradstep_engine.ops.erf import erf
from gradstep_engine.ops.joining import Cat
from gradstep_engine.ops.masking import masked_tensor
from gradstep_engine.ops.scratch import scratch

_INVERSE_ROOT = 1 / math.sqrt(2 * math.pi)

BLOCK = 1 << 15
"""Elements worked on at a time: the many passes of GELU then find them in the cache."""

# Φ(x) ≈ ½ (1 + tanh(x P(x²))): P of degree 6, lowest power first, was fitted to the least error of
# Φ, 3e-8 for all x: what float32 has near 1. It is positive everywhere and ends at infinity.
_LOGIT = tuple(
    np.array(coefficient, np.float32)
    for coefficient in (
        0.797884941460356,
        0.036333084574107985,
        -3.2594975874502565e-05,
        -5.530619353441098e-05,
        3.9647443769148646e-06,
        -1.3226333566073787e-07,
        1.7561706128925567e-09,
    )
)


def normal_cdf(x: Any, below: Any, square: Any) -> None:
    """Write Φ(x), for the normal distribution Φ, into `below` and x² into `square`.

    float64 by the error function, float32 by an approximation that is as exact as that type.
    """
    np.multiply(x, x, out=square)
    if x.dtype == np.float64:
        np.add(erf(x * math.sqrt(0.5)), 1, out=below)
    else:
        np.multiply(square, _LOGIT[-1], out=below)
        for coefficient in _LOGIT[-2:0:-1]:
            below += coefficient
            below *= square
        below += _LOGIT[0]
        below *= x
        np.tanh(below, out=below)
        below += 1
    below *= 0.5


def bell_of(square: Any) -> Any:
    """Return e^(−x²/2) for x², in its memory."""
    square *= -0.5
    return np.exp(square, out=square)


def _at_least_single(x: Any) -> Any:
    """Return x in an array of one axis, half precision as float32."""
    return np.ravel(x).astype(np.promote_types(x.dtype, np.float32), copy=False)


class NormalCdf(Op):
    """Φ(x) = ½ (1 + erf(x / √2)).  ∂/∂x = grad · e^(−x²/2) / √(2π)."""

    op_name = "normal_cdf"
    node_name = "NormalCdfBackward0"
    saves = (0,)

    def forward(self, x: Any) -> Any:
        flat = _at_least_single(x)
        below, square = np.empty_like(flat), np.empty_like(flat)
        normal_cdf(flat, below, square)
        self.saved = x, bell_of(square).astype(x.dtype, copy=False).reshape(x.shape)
        return below.astype(x.dtype, copy=False).reshape(x.shape)[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad * self.saved[1] * grad.dtype.type(_INVERSE_ROOT)

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        return grad * (x * x * -0.5).exp() * _INVERSE_ROOT


class Gelu(Op):
    """x Φ(x), with Φ the normal distribution.  ∂/∂x = grad · (Φ(x) + x φ(x))."""

    op_name = "gelu"
    node_name = "GeluBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any) -> Any:
        flat = _at_least_single(x)
        result = scratch(flat.shape, x.dtype)
        slope = scratch(flat.shape, x.dtype) if self.edges else None
        room = np.empty((2, min(BLOCK, flat.size)), flat.dtype)
        for start in range(0, flat.size, BLOCK):
            block = slice(start, start + BLOCK)
            some = flat[block]
            below, square = room[:, : some.size]
            normal_cdf(some, below, square)
            np.multiply(some, below, out=result[block])
            if slope is not None:
                bell = bell_of(square)
                bell *= some
                bell *= _INVERSE_ROOT
                np.add(below, bell, out=slope[block])
        if slope is not None:
            self.saved = x, slope.reshape(x.shape)
        return result.reshape(x.shape)[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return np.multiply(grad, self.saved[1], out=scratch(grad.shape, grad.dtype))[()]

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        return grad * (apply(NormalCdf, x) + x * (x * x * -0.5).exp() * _INVERSE_ROOT)


class GeluTanh(Op):
    """½ x (1 + t), t = tanh(√(2/π) (x + 0.044715 x³)).

    ∂/∂x = grad · (½ (1 + t) + ½ x (1 − t²) √(2/π) (1 + 3 · 0.044715 x²)).
    """

    op_name = "gelu"
    node_name = "GeluBackward0"
    saves = (0,)
    fresh = True
    _factor = math.sqrt(2 / math.pi)
    _cubic = 0.044715

    def forward(self, x: Any) -> Any:
        t = np.asarray(x * x)
        t *= self._cubic * self._factor
        t += self._factor
        t *= x
        np.tanh(t, out=t)
        self.saved = x, t
        result = t + 1
        result *= x
        result *= 0.5
        return result[()]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, t = self.saved
        slope = np.asarray(x * x)
        slope *= 3 * self._cubic * self._factor
        slope += self._factor
        slope *= x
        slope *= 1 - t * t
        slope += t
        slope += 1
        slope *= 0.5
        slope *= grad
        return slope[()]

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        square = x * x
        t = (self._factor * x * (1 + self._cubic * square)).tanh()
        inner = self._factor * (1 + 3 * self._cubic * square)
        return grad * (0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner)


class Silu(Op):
    """x σ(x) with s = σ(x).  ∂/∂x = grad · s (1 + x (1 − s))."""

    op_name = "silu"
    node_name = "SiluBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any) -> Any:
        s = sigmoid(x)
        self.saved = x, s
        return x * s

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, s = self.saved
        slope = np.asarray(1 - s)
        slope *= x
        slope += 1
        slope *= s
        slope *= grad
        return slope[()]

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        s = x.sigmoid()
        return grad * (s * (1 + x * (1 - s)))


class Mish(Op):
    """x t with t = tanh(log(1 + e^x)) (Misra, 2019).  ∂/∂x = grad · (t + x σ(x) (1 − t²))."""

    op_name = "mish"
    node_name = "MishBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any) -> Any:
        t = np.tanh(np.logaddexp(x, x.dtype.type(0)))
        self.saved = x, t
        return x * t

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, t = self.saved
        return grad * (t + x * sigmoid(x) * (1 - t * t))

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        t = apply(Softplus, x).tanh()
        return grad * (t + x * x.sigmoid() * (1 - t * t))


class Hardswish(Op):
    """x · cut(x + 3, [0, 6]) / 6.  ∂/∂x = 0, (2x + 3) grad / 6, grad for x below, in, over ±3."""

    op_name = "hardswish"
    node_name = "HardswishBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any) -> Any:
        self.saved = (x,)
        return x * np.minimum(np.maximum(x + 3, 0), 6) / 6

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (x,) = self.saved
        inside = np.where(x >= 3, grad, grad * ((x * 2 + 3) / 6))
        return np.where(x <= -3, grad.dtype.type(0), inside)[()]

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        array = x._array
        inside = masked_tensor(grad * ((x * 2 + 3) / 6), np.logical_not(abs(array) >= 3))
        return inside + masked_tensor(grad, array >= 3)


class Glu(Op):
    """a σ(b), with a and b the halves of x along `dim` (Dauphin et al., 2017).

    With s = σ(b): ∂/∂a = s grad, ∂/∂b = a s (1 − s) grad.
    """

    op_name = "glu"
    node_name = "GluBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any, dim: int) -> Any:
        self.dim = dim
        a, b = np.split(x, 2, axis=dim)
        s = sigmoid(b)
        self.saved = x, s
        return a * s

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, s = self.saved
        a = np.split(x, 2, axis=self.dim)[0]
        gated = grad * s
        return np.concatenate((gated, gated * a * (1 - s)), axis=self.dim)

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        a, b = x.chunk(2, self.dim)
        s = b.sigmoid()
        gated = grad * s
        return apply(Cat, gated, gated * a * (1 - s), dim=self.dim)
