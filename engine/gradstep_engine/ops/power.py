"""Powers of tensors and of plain numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.constants import FLOAT32, OF_FLOAT32
from gradstep_engine.autograd.function import Op
from gradstep_engine.dtypes import default_numpy
from gradstep_engine.ops.elementwise import Binary, as_tensor
from gradstep_engine.ops.masking import zero_tensor_for, zeros_for
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


class PowScalar(Op):
    """aⁿ for a plain number n.  ∂/∂a = grad · n · aⁿ⁻¹."""

    op_name = "pow"
    node_name = "PowBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, exponent: float) -> Any:
        if type(exponent) is float and a.dtype.kind != "f":
            a = a.astype(default_numpy())
        elif a.dtype.kind == "b" and type(exponent) is int:
            a = a.astype(np.int64)
        self.saved = (a,)
        self.exponent = exponent
        return power(a, exponent)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (a,) = self.saved
        n = self.exponent
        if n == 0:
            return (zeros_for(grad),)
        if n == 1:
            return (grad * 1,)
        if n == 2:
            return (grad * (a + a),)
        return (grad * (power(a, n - 1) * factor(n, a)),)

    def backward_tensors(self, grad: Any) -> Any:
        n = self.exponent
        return (zero_tensor_for(grad) if n == 0 else grad * (n * self.input(0) ** (n - 1)),)


def factor(n: float, a: Any) -> Any:
    """Return n as what the array `a` is multiplied by fastest."""
    return OF_FLOAT32[n] if a.dtype is FLOAT32 and a.shape else n


def power(a: Any, exponent: float) -> Any:
    """Return aⁿ; small whole exponents by multiplication, which is many times faster."""
    if exponent == 2:
        return a * a
    if exponent == 3:
        return a * a * a
    if exponent == 4:
        square = a * a
        return square * square
    if exponent == 1:
        return a * 1
    if exponent == 0.5:
        return np.sqrt(a)
    if exponent == -0.5:
        return 1 / np.sqrt(a)
    if a.dtype.kind in "iub" and exponent < 0:
        raise RuntimeError("Integers to negative integer powers are not allowed.")
    return np.power(a, exponent)


def _whole_power(a: Any, b: Any) -> Any:
    """Return whole numbers to whole powers, some of them negative: 1/aⁿ cut to 0 unless a is ±1."""
    cut = np.where(a == 1, 1, np.where(a == -1, 1 - 2 * (b % 2), 0))
    return np.where(b < 0, cut, np.power(a, np.maximum(b, 0))).astype(a.dtype)


class Pow(Binary):
    """aᵇ.  ∂/∂a = grad · b · aᵇ⁻¹, ∂/∂b = grad · aᵇ · ln a (0 where a = 0 and b ≥ 0)."""

    op_name = "pow"
    node_name = "PowBackward1"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        if b.dtype.kind == "i" and np.any(np.less(b, 0)):
            result = _whole_power(a, b)
        else:
            result = np.power(a, b)
        self.saved = a, b, result
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b, result = self.saved
        along_a = along_b = None
        if self.needs(0):
            along_a = np.where(np.equal(b, 0), grad.dtype.type(0), grad * (b * np.power(a, b - 1)))
            along_a = unbroadcast(along_a, shape_of(a))
        if self.needs(1):
            flat = np.equal(a, 0) & (b >= 0)
            along_b = grad * np.where(flat, grad.dtype.type(0), result * np.log(a))
            along_b = unbroadcast(along_b, shape_of(b))
        return along_a, along_b

    def backward_tensors(self, grad: Any) -> Any:
        a, b = as_tensor(self.input(0), grad), as_tensor(self.input(1), grad)
        along_a = along_b = None
        if self.needs(0):
            along_a = (grad * (b * a ** (b - 1))).masked_fill(b == 0, 0)
            along_a = unbroadcast(along_a, a.shape)
        if self.needs(1):
            along_b = grad * (a**b * a.log()).masked_fill((a == 0) & (b >= 0), 0)
            along_b = unbroadcast(along_b, b.shape)
        return along_a, along_b


class ScalarPow(Pow):
    """The same with a plain number as the base."""

    node_name = "PowBackward2"
