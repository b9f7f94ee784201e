"""In-place methods: they write into the tensor and return it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.emission import listening, quiet
from gradstep_engine.ops import (
    elementwise,
    filling,
    power,
    rounding,
    selection,
    trigonometric,
    unary,
)
from gradstep_engine.ops.unbroadcast import shape_of
from gradstep_engine.tensor.number_first import number_first
from gradstep_engine.tensor.operands import check_broadcast, given


def _change(op: type[Op], target: Any, *others: Any, **attributes: Any) -> Any:
    try:
        return apply_inplace(op, target, *others, **attributes)
    except ValueError:
        for other in others:
            check_broadcast(target._array.shape, shape_of(getattr(other, "_array", other)))
        raise


class Mutation(TensorBase):
    """Operators such as `+=` and methods with an underscore."""

    def __iadd__(self, other: Any) -> Any:
        return _change(elementwise.Add, self, given(other, "add_"))

    def __isub__(self, other: Any) -> Any:
        return _change(elementwise.Sub, self, given(other, "sub_"))

    def __imul__(self, other: Any) -> Any:
        return _change(elementwise.Mul, self, given(other, "mul_"))

    def __itruediv__(self, other: Any) -> Any:
        return _change(elementwise.Div, self, given(other, "div_"))

    def __ipow__(self, other: Any) -> Any:
        return self.pow_(other)

    @number_first("alpha", 1)
    def add_(self, other: Any, *, alpha: float = 1) -> Any:
        """Add alpha · other."""
        extra = {} if alpha == 1 else {"alpha": alpha}
        return _change(elementwise.Add, self, given(other, "add_"), **extra)

    @number_first("alpha", 1)
    def sub_(self, other: Any, *, alpha: float = 1) -> Any:
        """Subtract alpha · other."""
        extra = {} if alpha == 1 else {"alpha": alpha}
        return _change(elementwise.Sub, self, given(other, "sub_"), **extra)

    def mul_(self, other: Any) -> Any:
        """Multiply by `other`."""
        return _change(elementwise.Mul, self, given(other, "mul_"))

    def div_(self, other: Any) -> Any:
        """Divide by `other`."""
        return _change(elementwise.Div, self, given(other, "div_"))

    def pow_(self, exponent: Any) -> Any:
        """Raise to a power."""
        if isinstance(exponent, TensorBase):
            return _change(power.Pow, self, exponent)
        return _change(power.PowScalar, self, exponent=exponent)

    @number_first("value", 2)
    def addcmul_(self, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
        """Add value · tensor1 · tensor2."""
        return _change(selection.Addcmul, self, tensor1, tensor2, value=value)

    @number_first("value", 2)
    def addcdiv_(self, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
        """Add value · tensor1 / tensor2."""
        return _change(selection.Addcdiv, self, tensor1, tensor2, value=value)

    def lerp_(self, end: Any, weight: Any) -> Any:
        """Move towards `end` by `weight`."""
        return _change(selection.Lerp, self, end, weight)

    def masked_fill_(self, mask: Any, value: Any) -> Any:
        """Write `value` where `mask` holds."""
        return _change(selection.MaskedFill, self, mask, value)

    def neg_(self) -> Any:
        """Negate."""
        return _change(unary.Neg, self)

    def abs_(self) -> Any:
        """Drop the sign."""
        return _change(unary.Abs, self)

    def exp_(self) -> Any:
        """Become eˣ."""
        return _change(unary.Exp, self)

    def log_(self) -> Any:
        """Become ln x."""
        return _change(unary.Log, self)

    def sqrt_(self) -> Any:
        """Become √x."""
        return _change(unary.Sqrt, self)

    def sin_(self) -> Any:
        """Become the sine."""
        return _change(trigonometric.Sin, self)

    def cos_(self) -> Any:
        """Become the cosine."""
        return _change(trigonometric.Cos, self)

    def floor_(self) -> Any:
        """Round down."""
        return _change(rounding.Floor, self)

    def ceil_(self) -> Any:
        """Round up."""
        return _change(rounding.Ceil, self)

    def sign_(self) -> Any:
        """Become −1, 0 or 1."""
        return _change(rounding.Sign, self)

    def reciprocal_(self) -> Any:
        """Become 1 / x."""
        return _change(unary.Reciprocal, self)

    def round_(self) -> Any:
        """Round half to even."""
        return _change(rounding.Round, self)

    def relu_(self) -> Any:
        """Become max(x, 0)."""
        from gradstep_engine.ops.activation import Relu

        return _change(Relu, self)

    def sigmoid_(self) -> Any:
        """Become 1 / (1 + e⁻ˣ)."""
        from gradstep_engine.ops.activation import Sigmoid

        return _change(Sigmoid, self)

    def tanh_(self) -> Any:
        """Become the hyperbolic tangent."""
        from gradstep_engine.ops.activation import Tanh

        return _change(Tanh, self)

    def fill_(self, value: Any) -> Any:
        """Write one value everywhere."""
        if isinstance(value, TensorBase) and value._array.ndim:
            raise RuntimeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{value._array.ndim} dimensions."
            )
        return _change(filling.Fill, self, value)

    def zero_(self) -> Any:
        """Write zeros; on a tensor's `.grad` this is told as the gradient being cleared."""
        owner = None if self._grad_owner is None else self._grad_owner()
        listener = listening()
        if listener is None or owner is None or owner._grad is not self:
            return _change(filling.Zero, self, 0)
        before = wrap(np.array(self._array))
        with quiet():
            _change(filling.Zero, self, 0)
        listener(events.Zeroed(owner, before, owner._grad))
        return self

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Take over the values of `src`, broadcast and converted."""
        source = given(src, "copy_")
        if not isinstance(source, TensorBase):
            source = wrap(np.asarray(source))
        return _change(filling.Copy, self, source)

    subtract_, multiply_, divide_, negative_ = sub_, mul_, div_, neg_
