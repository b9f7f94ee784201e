"""Arithmetic operators and the methods of the same names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.function import Op, apply, apply_pair, composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import comparison, elementwise, pairwise, power, unary
from gradstep_engine.tensor.number_first import number_first
from gradstep_engine.tensor.operands import check_broadcast, given, operand

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def binary(op: type[Op], a: Any, b: Any) -> Any:
    """Run a two-operand op; shapes that do not broadcast raise torch's error."""
    try:
        return apply_pair(op, a, b)
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


def _explain(a: Any, b: Any) -> None:
    check_broadcast(*[x._array.shape if isinstance(x, TensorBase) else () for x in (a, b)])


def subtractable(a: Any, b: Any) -> None:
    """Refuse to subtract bools.

    Raises:
        RuntimeError: both operands hold bools.
    """
    bools = [
        x._array.dtype.kind == "b" if isinstance(x, TensorBase) else isinstance(x, bool)
        for x in (a, b)
    ]
    if all(bools):
        raise RuntimeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` "
            "or `logical_xor()` operator instead."
        )


@composite("div")
def _divide_number(number: Any, tensor: Any) -> Any:
    """Return number / tensor in torch's two steps."""
    return apply(elementwise.Mul, apply(unary.Reciprocal, tensor), number)


class Arithmetic(TensorBase):
    """+ − · / and powers, as operators and as methods."""

    __array_priority__ = 1000

    def __add__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Add, self, other)

    def __radd__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Add, self, other)

    def __sub__(self, other: Any) -> Any:
        other = operand(other)
        if other is NotImplemented:
            return other
        if self._array.dtype.kind == "b":
            subtractable(self, other)
        return binary(elementwise.Sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Rsub, other, self)

    def __mul__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Mul, self, other)

    def __rmul__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Mul, self, other)

    def __truediv__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Div, self, other)

    def __rtruediv__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else _divide_number(other, self)

    def __floordiv__(self, other: Any) -> Any:
        other = operand(other)
        return (
            other if other is NotImplemented else binary_with(elementwise.FloorDivide, self, other)
        )

    def __rfloordiv__(self, other: Any) -> Any:
        other = operand(other)
        return (
            other if other is NotImplemented else binary_with(elementwise.FloorDivide, other, self)
        )

    def __mod__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Remainder, self, other)

    def __rmod__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(elementwise.Remainder, other, self)

    def __pow__(self, other: Any) -> Any:
        other = operand(other)
        if other is NotImplemented:
            return other
        if isinstance(other, TensorBase):
            return binary(power.Pow, self, other)
        return apply(power.PowScalar, self, exponent=other)

    def __rpow__(self, other: Any) -> Any:
        other = operand(other)
        return other if other is NotImplemented else binary(power.ScalarPow, other, self)

    def __matmul__(self, other: Any) -> Any:
        if not isinstance(other, TensorBase):
            return NotImplemented
        return self.matmul(other)  # type: ignore[attr-defined]

    def __neg__(self) -> Tensor:
        return self.neg()

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Tensor:
        return self.abs()

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
        return binary_with(elementwise.FloorDivide, self, other, rounding=rounding_mode)  # type: ignore[no-any-return]

    def floor_divide(self, other: Any) -> Tensor:
        """Return self / other, rounded down."""
        return self.__floordiv__(other)  # type: ignore[no-any-return]

    def remainder(self, other: Any) -> Tensor:
        """Return the rest of the division, with the sign of `other`."""
        return self.__mod__(other)  # type: ignore[no-any-return]

    def pow(self, exponent: Any) -> Tensor:
        """Return self to the power of a number or, element by element, of a tensor."""
        return self.__pow__(given(exponent, "pow"))  # type: ignore[no-any-return]

    def square(self) -> Tensor:
        """Return self²."""
        return apply(power.PowScalar, self, exponent=2)  # type: ignore[no-any-return]

    def maximum(self, other: Tensor) -> Tensor:
        """Return the larger of the two, element by element."""
        return binary(pairwise.Maximum, self, given(other, "maximum"))  # type: ignore[no-any-return]

    def minimum(self, other: Tensor) -> Tensor:
        """Return the smaller of the two, element by element."""
        return binary(pairwise.Minimum, self, given(other, "minimum"))  # type: ignore[no-any-return]

    def atan2(self, other: Tensor) -> Tensor:
        """Return the angle of the point (other, self)."""
        return binary(pairwise.Atan2, self, given(other, "atan2"))  # type: ignore[no-any-return]

    def neg(self) -> Tensor:
        """Return −self."""
        return apply(unary.Neg, self)  # type: ignore[no-any-return]

    def abs(self) -> Tensor:
        """Return |self|."""
        return apply(unary.Abs, self)  # type: ignore[no-any-return]

    subtract = sub
    multiply = mul
    divide = true_divide = div
    negative = neg
    absolute = abs


class Comparing(TensorBase):
    """Comparisons, bit operations and questions about elements."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> Any:
        value = operand(other)
        return False if value is NotImplemented else binary_with(comparison.Eq, self, value)

    def __ne__(self, other: object) -> Any:
        value = operand(other)
        return True if value is NotImplemented else binary_with(comparison.Ne, self, value)

    def __lt__(self, other: Any) -> Any:
        return binary_with(comparison.Lt, self, given(other, "lt"))

    def __le__(self, other: Any) -> Any:
        return binary_with(comparison.Le, self, given(other, "le"))

    def __gt__(self, other: Any) -> Any:
        return binary_with(comparison.Gt, self, given(other, "gt"))

    def __ge__(self, other: Any) -> Any:
        return binary_with(comparison.Ge, self, given(other, "ge"))

    def __and__(self, other: Any) -> Any:
        return binary_with(comparison.And, self, given(other, "bitwise_and"))

    def __or__(self, other: Any) -> Any:
        return binary_with(comparison.Or, self, given(other, "bitwise_or"))

    def __xor__(self, other: Any) -> Any:
        return binary_with(comparison.Xor, self, given(other, "bitwise_xor"))

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Any:
        return apply(comparison.Invert, self)

    eq, ne, lt, le, gt, ge = __eq__, __ne__, __lt__, __le__, __gt__, __ge__
    less, less_equal, greater, greater_equal, not_equal = __lt__, __le__, __gt__, __ge__, __ne__
    bitwise_and, bitwise_or, bitwise_xor, bitwise_not = __and__, __or__, __xor__, __invert__

    def logical_and(self, other: Any) -> Tensor:
        """Return whether both are non-zero."""
        return binary_with(comparison.LogicalAnd, self, other)  # type: ignore[no-any-return]

    def logical_or(self, other: Any) -> Tensor:
        """Return whether one is non-zero."""
        return binary_with(comparison.LogicalOr, self, other)  # type: ignore[no-any-return]

    def logical_xor(self, other: Any) -> Tensor:
        """Return whether exactly one is non-zero."""
        return binary_with(comparison.LogicalXor, self, other)  # type: ignore[no-any-return]

    def logical_not(self) -> Tensor:
        """Return whether elements are zero."""
        return apply(comparison.LogicalNot, self)  # type: ignore[no-any-return]

    def isnan(self) -> Tensor:
        """Return whether elements are not a number."""
        return apply(comparison.IsNan, self)  # type: ignore[no-any-return]

    def isinf(self) -> Tensor:
        """Return whether elements are infinite."""
        return apply(comparison.IsInf, self)  # type: ignore[no-any-return]

    def isfinite(self) -> Tensor:
        """Return whether elements are neither infinite nor not a number."""
        return apply(comparison.IsFinite, self)  # type: ignore[no-any-return]
