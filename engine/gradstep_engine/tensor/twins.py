"""In-place twins of methods: `x.sinh_()` is `x.sinh()` written into `x`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import (
    comparison,
    cumulative,
    division,
    matmul,
    pairwise,
    power,
    rounding,
    selection,
    trigonometric,
    unary,
)
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.ops.clamping import ClampTensors
from gradstep_engine.ops.erf import Erf, Erfc
from gradstep_engine.tensor.mutation import _change as change
from gradstep_engine.tensor.operands import given

IN_PLACE: Final = """
abs_ acos_ acosh_ arccos_ arccosh_ arcsin_ arcsinh_ arctan_ arctanh_ asin_ asinh_ atan_ atanh_
ceil_ clamp_ clamp_max_ clamp_min_ clip_ cos_ cosh_ deg2rad_ erf_ erfc_ exp2_ exp_ expm1_
fill_ fix_ floor_ frac_ gcd_ lcm_ log10_ log1p_ log2_ log_ logit_ nan_to_num_ neg_ negative_
rad2deg_ reciprocal_ round_ rsqrt_ sigmoid_ sin_ sinc_ sinh_ sqrt_ square_ tan_ tanh_ trunc_
xlogy_ zero_
""".split()  # noqa: SIM905 (a wall of quotes reads worse)
"""In-place methods that are functions of `torch` too."""


def twin_of(op: type[Op]) -> Callable[..., Any]:
    """Return the method that runs `op` and writes the result into its tensor."""
    name = f"{op.op_name}_"

    def method(self: Any, *others: Any) -> Any:
        return change(op, self, *[given(other, name) for other in others])

    method.__name__ = name
    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = f"Do `{op.op_name}` in place."
    return method


class Twins(TensorBase):
    """In-place methods whose whole work is an operation that exists out of place."""

    acos_ = twin_of(trigonometric.Acos)
    acosh_ = twin_of(trigonometric.Acosh)
    asin_ = twin_of(trigonometric.Asin)
    asinh_ = twin_of(trigonometric.Asinh)
    atan2_ = twin_of(pairwise.Atan2)
    atan_ = twin_of(trigonometric.Atan)
    atanh_ = twin_of(trigonometric.Atanh)
    bitwise_and_ = twin_of(comparison.And)
    bitwise_left_shift_ = twin_of(comparison.LeftShift)
    bitwise_not_ = twin_of(comparison.Invert)
    bitwise_or_ = twin_of(comparison.Or)
    bitwise_right_shift_ = twin_of(comparison.RightShift)
    bitwise_xor_ = twin_of(comparison.Xor)
    copysign_ = twin_of(pairwise.Copysign)
    cosh_ = twin_of(trigonometric.Cosh)
    deg2rad_ = twin_of(unary.Deg2Rad)
    eq_ = twin_of(comparison.Eq)
    erf_ = twin_of(Erf)
    erfc_ = twin_of(Erfc)
    exp2_ = twin_of(unary.Exp2)
    expm1_ = twin_of(unary.Expm1)
    floor_divide_ = twin_of(division.FloorDivide)
    fmod_ = twin_of(division.Fmod)
    frac_ = twin_of(rounding.Frac)
    gcd_ = twin_of(pairwise.Gcd)
    ge_ = twin_of(comparison.Ge)
    gt_ = twin_of(comparison.Gt)
    heaviside_ = twin_of(pairwise.Heaviside)
    hypot_ = twin_of(pairwise.Hypot)
    lcm_ = twin_of(pairwise.Lcm)
    le_ = twin_of(comparison.Le)
    log10_ = twin_of(unary.Log10)
    log1p_ = twin_of(unary.Log1p)
    log2_ = twin_of(unary.Log2)
    logical_and_ = twin_of(comparison.LogicalAnd)
    logical_not_ = twin_of(comparison.LogicalNot)
    logical_or_ = twin_of(comparison.LogicalOr)
    logical_xor_ = twin_of(comparison.LogicalXor)
    lt_ = twin_of(comparison.Lt)
    ne_ = twin_of(comparison.Ne)
    nextafter_ = twin_of(pairwise.NextAfter)
    rad2deg_ = twin_of(unary.Rad2Deg)
    remainder_ = twin_of(division.Remainder)
    rsqrt_ = twin_of(unary.Rsqrt)
    sgn_ = twin_of(rounding.Sgn)
    sinc_ = twin_of(trigonometric.Sinc)
    sinh_ = twin_of(trigonometric.Sinh)
    tan_ = twin_of(trigonometric.Tan)
    trunc_ = twin_of(rounding.Trunc)
    xlogy_ = twin_of(pairwise.Xlogy)

    absolute_ = twin_of(unary.Abs)
    arccos_, arccosh_, arcsin_, arcsinh_ = acos_, acosh_, asin_, asinh_
    arctan_, arctan2_, arctanh_ = atan_, atan2_, atanh_
    fix_, not_equal_ = trunc_, ne_
    less_, less_equal_, greater_, greater_equal_ = lt_, le_, gt_, ge_

    def __imod__(self, other: Any) -> Any:
        return self.remainder_(other)

    def __ifloordiv__(self, other: Any) -> Any:
        return self.floor_divide_(other)

    def __iand__(self, other: Any) -> Any:
        return self.bitwise_and_(other)

    def __ior__(self, other: Any) -> Any:
        return self.bitwise_or_(other)

    def __ixor__(self, other: Any) -> Any:
        return self.bitwise_xor_(other)

    def __ilshift__(self, other: Any) -> Any:
        return self.bitwise_left_shift_(other)

    def __irshift__(self, other: Any) -> Any:
        return self.bitwise_right_shift_(other)

    def square_(self) -> Any:
        """Become the square."""
        return change(power.PowScalar, self, exponent=2)

    def logit_(self, eps: float | None = None) -> Any:
        """Become ln(x / (1 − x))."""
        return change(unary.Logit, self, **({} if eps is None else {"eps": eps}))

    def nan_to_num_(
        self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
    ) -> Any:
        """Replace NaN, ∞ and −∞."""
        return change(rounding.NanToNum, self, nan=nan or 0.0, posinf=posinf, neginf=neginf)

    def clamp_(self, min: Any = None, max: Any = None) -> Any:
        """Limit elements to [min, max]; limits may be tensors.

        Raises:
            RuntimeError: neither limit is given.
        """
        if min is None and max is None:
            raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
        if isinstance(min, TensorBase) or isinstance(max, TensorBase):
            return change(ClampTensors, self, min, max)
        return change(selection.Clamp, self, min=min, max=max)

    clip_ = clamp_

    def clamp_min_(self, min: Any) -> Any:
        """Limit elements from below."""
        return self.clamp_(min=min)

    def clamp_max_(self, max: Any) -> Any:
        """Limit elements from above."""
        return self.clamp_(max=max)

    def cumsum_(self, dim: int) -> Any:
        """Become running sums."""
        return change(cumulative.Cumsum, self, dim=axis_of(dim, self._array.ndim))

    def cumprod_(self, dim: int) -> Any:
        """Become running products."""
        return change(cumulative.Cumprod, self, dim=axis_of(dim, self._array.ndim))

    def addmm_(self, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
        """Become beta · self + alpha · mat1 @ mat2."""
        return change(matmul.Addmm, self, mat1, mat2, beta=beta, alpha=alpha)

    def true_divide_(self, other: Any) -> Any:
        """Divide by `other`."""
        return self.div_(other)  # type: ignore[attr-defined]


def _copying(name: str) -> Callable[..., Any]:
    """Return the in-place method that copies the result of the method `name` into its tensor."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        # Of a clone: backward may need what is about to be overwritten.
        return self.copy_(getattr(self.clone(), name)(*args, **kwargs))

    method.__name__ = f"{name}_"
    method.__qualname__ = f"Tensor.{name}_"
    method.__doc__ = f"Do `{name}` in place."
    return composite(f"{name}_")(method)


class CopyingTwins(TensorBase):
    """In-place methods of what several operations make."""

    addbmm_ = _copying("addbmm")
    addmv_ = _copying("addmv")
    addr_ = _copying("addr")
    baddbmm_ = _copying("baddbmm")
    float_power_ = _copying("float_power")
    ldexp_ = _copying("ldexp")
    renorm_ = _copying("renorm")
