"""Comparisons and bit operations, as operators and as methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import comparison
from gradstep_engine.tensor.arithmetic import binary_with
from gradstep_engine.tensor.elementary import function_of
from gradstep_engine.tensor.operands import given, given_tensor, operand

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


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
        other = operand(other)
        if other is NotImplemented:
            return other
        return binary_with(comparison.Lt, self, other)

    def __le__(self, other: Any) -> Any:
        other = operand(other)
        if other is NotImplemented:
            return other
        return binary_with(comparison.Le, self, other)

    def __gt__(self, other: Any) -> Any:
        other = operand(other)
        if other is NotImplemented:
            return other
        return binary_with(comparison.Gt, self, other)

    def __ge__(self, other: Any) -> Any:
        other = operand(other)
        if other is NotImplemented:
            return other
        return binary_with(comparison.Ge, self, other)

    def __and__(self, other: Any) -> Any:
        return binary_with(comparison.And, self, given(other, "bitwise_and"))

    def __or__(self, other: Any) -> Any:
        return binary_with(comparison.Or, self, given(other, "bitwise_or"))

    def __xor__(self, other: Any) -> Any:
        return binary_with(comparison.Xor, self, given(other, "bitwise_xor"))

    def __lshift__(self, other: Any) -> Any:
        return binary_with(comparison.LeftShift, self, given(other, "bitwise_left_shift"))

    def __rshift__(self, other: Any) -> Any:
        return binary_with(comparison.RightShift, self, given(other, "bitwise_right_shift"))

    def __rlshift__(self, other: Any) -> Any:
        return binary_with(comparison.LeftShift, other, self)

    def __rrshift__(self, other: Any) -> Any:
        return binary_with(comparison.RightShift, other, self)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Any:
        if self._array.dtype.kind == "f":
            raise TypeError(
                "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
            )
        return apply(comparison.Invert, self)

    eq, ne, lt, le, gt, ge = __eq__, __ne__, __lt__, __le__, __gt__, __ge__
    less, less_equal, greater, greater_equal, not_equal = __lt__, __le__, __gt__, __ge__, __ne__
    bitwise_left_shift, bitwise_right_shift = __lshift__, __rshift__
    bitwise_and, bitwise_or, bitwise_xor, bitwise_not = __and__, __or__, __xor__, __invert__

    def logical_and(self, other: Any) -> Tensor:
        """Return whether both are non-zero."""
        return binary_with(comparison.LogicalAnd, self, given_tensor(other, "logical_and"))  # type: ignore[no-any-return]

    def logical_or(self, other: Any) -> Tensor:
        """Return whether one is non-zero."""
        return binary_with(comparison.LogicalOr, self, given_tensor(other, "logical_or"))  # type: ignore[no-any-return]

    def logical_xor(self, other: Any) -> Tensor:
        """Return whether exactly one is non-zero."""
        return binary_with(comparison.LogicalXor, self, given_tensor(other, "logical_xor"))  # type: ignore[no-any-return]

    isfinite = function_of(comparison.IsFinite, "whether elements are neither infinite nor NaN")
    isinf = function_of(comparison.IsInf, "whether elements are infinite")
    isnan = function_of(comparison.IsNan, "whether elements are not a number")
    isneginf = function_of(comparison.IsNegInf, "whether elements are −∞")
    isposinf = function_of(comparison.IsPosInf, "whether elements are ∞")
    logical_not = function_of(comparison.LogicalNot, "whether elements are zero")
    signbit = function_of(comparison.Signbit, "whether signs are minus")

    def is_nonzero(self) -> bool:
        """Return whether the only element is not zero."""
        return bool(self)

    def isreal(self) -> Any:
        """Return whether elements are real numbers: all are."""
        return binary_with(comparison.LogicalOr, self.__eq__(self), True)
