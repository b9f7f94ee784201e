"""Arithmetic operators and the methods of the same names."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.direct import own_code, pair_of, single_of
from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops import division, elementwise, power, unary
from gradstep_engine.tensor.number_first import number_first
from gradstep_engine.tensor.operands import PLAIN, check_broadcast, given, given_tensor, operand

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def binary(op: Any, a: Any, b: Any) -> Any:
    """Run a two-operand op; shapes that do not broadcast raise torch's error."""
    try:
        return pair_of(op)(a, b) if isinstance(a, TensorBase) else apply(op, a, b)
    except ValueError:
        _explain(a, b)
        raise


def binary_with(op: type[Op], a: Any, b: Any, **attributes: Any) -> Any:
    """Run a two-operand op in the general way: without gradients, or with attributes."""
    try:
        return apply(op, a, b, **attributes)
    except ValueError:
        _explain(a, b)
        raise


def operator_of(op: Any) -> Callable[[Any, Any], Any]:
    """Return the operator that runs `op` on its two operands, without calls in between."""
    pair = pair_of(op)

    @own_code
    def method(self: Any, other: Any) -> Any:
        if other.__class__ not in PLAIN:
            other = operand(other)
            if other is NotImplemented:
                return other
        try:
            return pair(self, other)
        except ValueError:
            _explain(self, other)
            raise

    return method  # type: ignore[no-any-return]


def _explain(a: Any, b: Any) -> None:
    check_broadcast(*[x._array.shape if isinstance(x, TensorBase) else () for x in (a, b)])


def subtractable(a: Any, b: Any) -> None:
    """Refuse to subtract bools.

    Raises:
        RuntimeError: an operand holds bools.
    """
    elementwise.refuse_bools([x._array if isinstance(x, TensorBase) else x for x in (a, b)])


@composite("div")
def _divide_number(number: Any, tensor: Any) -> Any:
    """Return number / tensor in torch's two steps."""
    return apply(elementwise.Mul, apply(unary.Reciprocal, tensor), number)


_negated = single_of(unary.Neg)
_power_of = single_of(power.PowScalar, "exponent")


class Arithmetic(TensorBase):
    """+ − · / and powers, as operators and as methods."""

    __array_priority__ = 1000

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        """Return what a function of numpy made of this tensor as a tensor; bools as bytes."""
        return wrap(array.astype(np.uint8) if array.dtype.kind == "b" else array)

    __add__ = __radd__ = operator_of(elementwise.Add)
    __mul__ = __rmul__ = operator_of(elementwise.Mul)
    __truediv__ = operator_of(elementwise.Div)
    _minus = operator_of(elementwise.Sub)

    def __sub__(self, other: Any) -> Any:
        if self._array.dtype.kind == "b":
            subtractable(self, other)
        return self._minus(other)

    def __rsub__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Rsub, other, self)

    def __rtruediv__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else _divide_number(other, self)

    def __floordiv__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary_with(division.FloorDivide, self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary_with(division.FloorDivide, other, self)

    def __mod__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(division.Remainder, self, other)

    def __rmod__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(division.Remainder, other, self)

    def __pow__(self, other: Any) -> Any:
        if other.__class__ is not int and other.__class__ is not float:
            other = operand(other)
            if other is NotImplemented:
                return other
        if isinstance(other, TensorBase):
            return binary(power.Pow, self, other)
        return _power_of(self, other)

    def __rpow__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(power.ScalarPow, other, self)

    def __matmul__(self, other: Any) -> Any:
        if not isinstance(other, TensorBase):
            return NotImplemented
        return self.matmul(other)  # type: ignore[attr-defined]

    def __neg__(self) -> Tensor:
        return _negated(self)  # type: ignore[no-any-return]

    def __pos__(self) -> Any:
        return self.positive()  # type: ignore[attr-defined]

    def __abs__(self) -> Tensor:
        return apply(unary.Abs, self)  # type: ignore[no-any-return]

    @number_first("alpha", 1)
    def add(self, other: Any, *, alpha: float = 1) -> Tensor:
        """Return self + alpha · other."""
        if alpha == 1:
            return binary(elementwise.Add, self, given(other, "add"))  # type: ignore[no-any-return]
        return binary_with(elementwise.Add, self, given(other, "add"), alpha=alpha)  # type: ignore[no-any-return]

    @number_first("alpha", 1)
    def sub(self, other: Any, *, alpha: float = 1) -> Tensor:
        """Return self − alpha · other."""
        other = given(other, "sub")
        subtractable(self, other)
        if alpha == 1:
            return binary(elementwise.Sub, self, other)  # type: ignore[no-any-return]
        return binary_with(elementwise.Sub, self, other, alpha=alpha)  # type: ignore[no-any-return]

    def mul(self, other: Any) -> Tensor:
        """Return self · other, element by element."""
        return binary(elementwise.Mul, self, given(other, "mul"))  # type: ignore[no-any-return]

    def div(self, other: Any, *, rounding_mode: str | None = None) -> Tensor:
        """Return self / other; `rounding_mode` is None, `trunc` or `floor`."""
        other = given(other, "div")
        if rounding_mode is None:
            return binary(elementwise.Div, self, other)  # type: ignore[no-any-return]
        if rounding_mode not in ("floor", "trunc"):
            raise RuntimeError(
                "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
                f"'{rounding_mode}'"
            )
        return binary_with(division.DivRounded, self, other, rounding=rounding_mode)  # type: ignore[no-any-return]

    def floor_divide(self, other: Any) -> Tensor:
        """Return self / other, rounded down."""
        return self.__floordiv__(given(other, "floor_divide"))  # type: ignore[no-any-return]

    def remainder(self, other: Any) -> Tensor:
        """Return the rest of the division, with the sign of `other`."""
        return self.__mod__(given(other, "remainder"))  # type: ignore[no-any-return]

    def pow(self, exponent: Any) -> Tensor:
        """Return self to the power of a number or, element by element, of a tensor."""
        return self.__pow__(given(exponent, "pow"))  # type: ignore[no-any-return]

    def square(self) -> Tensor:
        """Return self²."""
        return _power_of(self, 2)  # type: ignore[no-any-return]

    subtract = sub
    multiply = mul
    divide = true_divide = div

    def fmod(self, other: Any) -> Tensor:
        """Return the rest of the division, with the sign of `self`."""
        return binary(division.Fmod, self, given(other, "fmod"))  # type: ignore[no-any-return]

    def float_power(self, exponent: Any) -> Tensor:
        """Return self to the power of `exponent`, computed and returned as float64."""
        exponent = given(exponent, "float_power")
        wide = exponent.double() if isinstance(exponent, TensorBase) else float(exponent)  # type: ignore[attr-defined]
        return self.double().pow(wide)  # type: ignore[attr-defined,no-any-return]

    @composite("ldexp")
    def ldexp(self, other: Any) -> Tensor:
        """Return self · 2 to the power of `other`."""
        two: Any = apply(power.ScalarPow, 2.0, given_tensor(other, "ldexp"))
        if self._array.dtype.kind == "f" and other._array.dtype.kind != "f":
            two = two.to(self.dtype)  # type: ignore[attr-defined]
        return self * two  # type: ignore[no-any-return]


def rsub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """Return other − alpha · input."""
    subtractable(input, other)
    if isinstance(other, TensorBase):
        return binary_with(elementwise.RsubTensor, other, input, alpha=alpha)
    return binary_with(elementwise.Rsub, other, input, alpha=alpha)
