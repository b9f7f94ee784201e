"""Functions of one operand, element by element; integers become floats where torch does so."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.elementwise import as_float
from gradstep_engine.ops.masking import zero_tensor_for, zeros_for

_LN_2 = math.log(2)
_LN_10 = math.log(10)


class OfInput(Op):
    """An op whose derivative needs its input.

    `value` is f itself: a function of numpy, or a method of the subclass.
    """

    saves = (0,)
    fresh = True
    value: Any

    def forward(self, a: Any) -> Any:
        if a.dtype.kind != "f":
            a = as_float(a)
        self.saved = (a,)
        return self.value(a)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return (self.slope(grad, self.saved[0]),)

    def backward_tensors(self, grad: Any) -> Any:
        return (self.slope_of_tensors(grad, self.input(0)),)

    def slope(self, grad: Any, a: Any) -> Any:
        """Return grad · f'(a)."""
        raise NotImplementedError(self.op_name)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        """Return grad · f'(a) in tensors: `slope` itself where it has nothing but operators."""
        return self.slope(grad, a)


class OfOutput(Op):
    """An op whose derivative is cheapest from its own result.

    `value` is f itself: a function of numpy, or a method of the subclass.
    """

    saves_output = True
    fresh = True
    value: Any

    def forward(self, a: Any) -> Any:
        result = self.value(a if a.dtype.kind == "f" else as_float(a))
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return (self.slope(grad, self.saved[0]),)

    def backward_tensors(self, grad: Any) -> Any:
        return (self.slope(grad, self.output()),)

    def slope(self, grad: Any, y: Any) -> Any:
        """Return grad · f'(a), given y = f(a), in operators that arrays and tensors both have."""
        raise NotImplementedError(self.op_name)


class Step(Op):
    """An op that is flat between its jumps: the gradient is zero."""

    fresh = True

    def backward(self, grad: Any) -> Any:
        return (zeros_for(grad),)

    def backward_tensors(self, grad: Any) -> Any:
        return (zero_tensor_for(grad),)


def signs(a: Any) -> Any:
    """Return the signs of floats; that of NaN is 0 in torch, and NaN in `np.sign`."""
    return np.greater(a, 0).astype(a.dtype) - np.less(a, 0)


class Neg(Op):
    """−a.  ∂/∂a = −grad."""

    op_name = "neg"
    node_name = "NegBackward0"
    fresh = True

    def forward(self, a: Any) -> Any:
        if a.dtype.kind == "b":
            raise RuntimeError(
                "Negation, the `-` operator, on a bool tensor is not supported. If you are trying "
                "to invert a mask, use the `~` or `logical_not()` operator instead."
            )
        return -a

    def backward(self, grad: Any) -> Any:
        return (-grad,)

    backward_tensors = backward


class Abs(OfInput):
    """|a|.  ∂/∂a = grad · sign a."""

    op_name = "abs"
    node_name = "AbsBackward0"

    def forward(self, a: Any) -> Any:
        if a.dtype.kind == "b":
            raise NotImplementedError("\"abs_cpu\" not implemented for 'Bool'")
        self.saved = (a,)
        return np.abs(a)

    def slope(self, grad: Any, a: Any) -> Any:
        return grad * signs(a)

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        return grad * a.sign()


class Exp(OfOutput):
    """eᵃ.  ∂/∂a = grad · eᵃ."""

    op_name = "exp"
    node_name = "ExpBackward0"

    value = np.exp

    def slope(self, grad: Any, y: Any) -> Any:
        return grad * y


class Exp2(OfOutput):
    """2ᵃ.  ∂/∂a = grad · 2ᵃ · ln 2."""

    op_name = "exp2"
    node_name = "Exp2Backward0"

    value = np.exp2

    def slope(self, grad: Any, y: Any) -> Any:
        return grad * y * _LN_2


class Expm1(OfOutput):
    """eᵃ − 1.  ∂/∂a = grad · eᵃ."""

    op_name = "expm1"
    node_name = "Expm1Backward0"

    value = np.expm1

    def slope(self, grad: Any, y: Any) -> Any:
        return grad * (y + 1)


class Log(OfInput):
    """ln a.  ∂/∂a = grad / a."""

    op_name = "log"
    node_name = "LogBackward0"

    value = np.log

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / a


class Log2(OfInput):
    """log₂ a.  ∂/∂a = grad / (a · ln 2)."""

    op_name = "log2"
    node_name = "Log2Backward0"

    value = np.log2

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / (a * _LN_2)


class Log10(OfInput):
    """log₁₀ a.  ∂/∂a = grad / (a · ln 10)."""

    op_name = "log10"
    node_name = "Log10Backward0"

    value = np.log10

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / (a * _LN_10)


class Log1p(OfInput):
    """ln(1 + a).  ∂/∂a = grad / (1 + a)."""

    op_name = "log1p"
    node_name = "Log1PBackward0"

    value = np.log1p

    def slope(self, grad: Any, a: Any) -> Any:
        return grad / (a + 1)


class Sqrt(OfOutput):
    """√a.  ∂/∂a = grad / (2 · √a)."""

    op_name = "sqrt"
    node_name = "SqrtBackward0"

    value = np.sqrt

    def slope(self, grad: Any, y: Any) -> Any:
        return grad / (y + y)


class Rsqrt(OfOutput):
    """1 / √a.  ∂/∂a = −grad / 2 · (1 / √a)³."""

    op_name = "rsqrt"
    node_name = "RsqrtBackward0"

    def value(self, a: Any) -> Any:
        return 1 / np.sqrt(a)

    def slope(self, grad: Any, y: Any) -> Any:
        return grad * -0.5 * (y * y * y)


class Reciprocal(OfOutput):
    """1 / a.  ∂/∂a = −grad / a²."""

    op_name = "reciprocal"
    node_name = "ReciprocalBackward0"

    def value(self, a: Any) -> Any:
        return 1 / a

    def slope(self, grad: Any, y: Any) -> Any:
        return -grad * (y * y)


class Scaled(Op):
    """a · factor for the class's factor.  ∂/∂a = grad · factor."""

    factor: ClassVar[float]
    fresh = True

    def forward(self, a: Any) -> Any:
        return as_float(a) * self.factor

    def backward(self, grad: Any) -> Any:
        return (grad * self.factor,)

    backward_tensors = backward


class Deg2Rad(Scaled):
    """Degrees as radians."""

    op_name = "deg2rad"
    node_name = "Deg2RadBackward0"
    factor = math.pi / 180


class Rad2Deg(Scaled):
    """Radians as degrees."""

    op_name = "rad2deg"
    node_name = "Rad2DegBackward0"
    factor = 180 / math.pi


class Logit(OfInput):
    """ln(z / (1 − z)) with z = a limited to [eps, 1 − eps].

    ∂/∂a = grad / (a (1 − a)) within the limits, 0 (without limits: NaN) outside.
    """

    op_name = "logit"
    node_name = "LogitBackward0"
    eps: float | None = None

    def forward(self, a: Any, *, eps: float | None = None) -> Any:
        a = as_float(a)
        self.saved, self.eps = (a,), eps
        z = a if eps is None else np.minimum(np.maximum(a, eps), 1 - eps)
        return np.log(z / (1 - z))

    def slope(self, grad: Any, a: Any) -> Any:
        return np.where(self._inside(a), grad / (a * (1 - a)), self._outside())[()]

    def slope_of_tensors(self, grad: Any, a: Any) -> Any:
        inside = wrap(self._inside(a._array))
        return (grad / (a * (1 - a))).masked_fill(~inside, self._outside())

    def _inside(self, a: Any) -> Any:
        low = 0 if self.eps is None else self.eps
        return (a >= low) & (a <= 1 - low)

    def _outside(self) -> float:
        return math.nan if self.eps is None else 0.0
