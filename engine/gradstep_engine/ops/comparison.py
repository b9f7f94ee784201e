"""Questions about elements. The answers are bools and have no gradient."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.dtypes import of_numpy


class Comparison(Op):
    """Two operands in their common type, one bool per element."""

    differentiable = False
    promotes = True
    answers = True
    compare: ClassVar[Any]

    def forward(self, a: Any, b: Any) -> Any:
        return type(self).compare(a, b)


class Eq(Comparison):
    """Whether a = b."""

    op_name = "eq"
    compare = np.equal


class Ne(Comparison):
    """Whether a ≠ b."""

    op_name = "ne"
    compare = np.not_equal


class Lt(Comparison):
    """Whether a < b."""

    op_name = "lt"
    compare = np.less


class Le(Comparison):
    """Whether a ≤ b."""

    op_name = "le"
    compare = np.less_equal


class Gt(Comparison):
    """Whether a > b."""

    op_name = "gt"
    compare = np.greater


class Ge(Comparison):
    """Whether a ≥ b."""

    op_name = "ge"
    compare = np.greater_equal


class Bitwise(Comparison):
    """Two operands of whole numbers or bools."""

    answers = False

    def forward(self, a: Any, b: Any) -> Any:
        for x in (a, b):
            if np.result_type(x).kind == "f":
                floats = of_numpy(x.dtype).cpu_type if hasattr(x, "dtype") else "Float"
                raise NotImplementedError(f"\"{self.kernel}_cpu\" not implemented for '{floats}'")
        return type(self).compare(a, b)

    @property
    def kernel(self) -> str:
        """The name that torch's message uses."""
        return self.op_name


class And(Bitwise):
    """Bitwise and; logical for bools."""

    op_name = "bitwise_and"
    compare = np.bitwise_and


class Or(Bitwise):
    """Bitwise or; logical for bools."""

    op_name = "bitwise_or"
    compare = np.bitwise_or


class Xor(Bitwise):
    """Bitwise exclusive or; logical for bools."""

    op_name = "bitwise_xor"
    compare = np.bitwise_xor


class LeftShift(Bitwise):
    """a · 2ᵇ for whole numbers."""

    op_name = "bitwise_left_shift"
    kernel = "lshift"
    compare = np.left_shift


class RightShift(Bitwise):
    """⌊a / 2ᵇ⌋ for whole numbers."""

    op_name = "bitwise_right_shift"
    kernel = "rshift"
    compare = np.right_shift


class LogicalAnd(Comparison):
    """Whether both are non-zero."""

    op_name = "logical_and"
    compare = np.logical_and


class LogicalOr(Comparison):
    """Whether one is non-zero."""

    op_name = "logical_or"
    compare = np.logical_or


class LogicalXor(Comparison):
    """Whether exactly one is non-zero."""

    op_name = "logical_xor"
    compare = np.logical_xor


class Question(Op):
    """One operand, one bool per element."""

    differentiable = False
    ask: ClassVar[Any]

    def forward(self, a: Any) -> Any:
        return type(self).ask(a)


class Invert(Question):
    """Bitwise not; logical for bools."""

    op_name = "bitwise_not"
    ask = np.invert


class LogicalNot(Question):
    """Whether a is zero."""

    op_name = "logical_not"
    ask = np.logical_not


class IsNan(Question):
    """Whether a is not a number."""

    op_name = "isnan"
    ask = np.isnan


class IsInf(Question):
    """Whether a is infinite."""

    op_name = "isinf"
    ask = np.isinf


class IsFinite(Question):
    """Whether a is neither infinite nor not a number."""

    op_name = "isfinite"
    ask = np.isfinite


class IsPosInf(Question):
    """Whether a is ∞."""

    op_name = "isposinf"
    ask = np.isposinf


class IsNegInf(Question):
    """Whether a is −∞."""

    op_name = "isneginf"
    ask = np.isneginf


class Signbit(Question):
    """Whether the sign is minus, of −0 too."""

    op_name = "signbit"

    def forward(self, a: Any) -> Any:
        return np.signbit(a) if a.dtype.kind == "f" else np.less(a, 0)
