"""Functions of one operand, and choosing between elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import rounding, selection, trigonometric, unary
from gradstep_engine.ops.clamping import ClampTensors
from gradstep_engine.ops.erf import Erf, Erfc
from gradstep_engine.tensor.operands import check_broadcast, given, given_tensor

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def function_of(op: type[Op], what: str) -> Callable[[Any], Any]:
    """Return the method that runs `op` on its tensor and returns `what`."""

    def method(self: Any) -> Any:
        return apply(op, self)

    method.__name__ = op.op_name
    method.__qualname__ = f"Tensor.{op.op_name}"
    method.__doc__ = f"Return {what}."
    return method


def broadcasting(op: type[Op], *inputs: Any, **attributes: Any) -> Any:
    """Run an op of several operands; shapes that do not broadcast raise torch's error."""
    try:
        return apply(op, *inputs, **attributes)
    except ValueError:
        shapes = [x._array.shape for x in inputs if isinstance(x, TensorBase)]
        for later in shapes[1:]:
            check_broadcast(shapes[0], later)
        raise


class Elementary(TensorBase):
    """exp, log, roots, trigonometry, rounding, clamping, masks."""

    abs = function_of(unary.Abs, "|x|")
    acos = function_of(trigonometric.Acos, "the angle whose cosine is x")
    acosh = function_of(trigonometric.Acosh, "the number whose hyperbolic cosine is x")
    asin = function_of(trigonometric.Asin, "the angle whose sine is x")
    asinh = function_of(trigonometric.Asinh, "the number whose hyperbolic sine is x")
    atan = function_of(trigonometric.Atan, "the angle whose tangent is x")
    atanh = function_of(trigonometric.Atanh, "the number whose hyperbolic tangent is x")
    ceil = function_of(rounding.Ceil, "x rounded up")
    cos = function_of(trigonometric.Cos, "the cosine")
    cosh = function_of(trigonometric.Cosh, "the hyperbolic cosine")
    deg2rad = function_of(unary.Deg2Rad, "degrees as radians")
    erf = function_of(Erf, "the error function")
    erfc = function_of(Erfc, "1 − the error function")
    exp = function_of(unary.Exp, "eˣ")
    exp2 = function_of(unary.Exp2, "2ˣ")
    expm1 = function_of(unary.Expm1, "eˣ − 1, exact near 0")
    floor = function_of(rounding.Floor, "x rounded down")
    frac = function_of(rounding.Frac, "the part of x behind the point")
    log = function_of(unary.Log, "the natural logarithm")
    log10 = function_of(unary.Log10, "the logarithm to base 10")
    log1p = function_of(unary.Log1p, "ln(1 + x), exact near 0")
    log2 = function_of(unary.Log2, "the logarithm to base 2")
    neg = function_of(unary.Neg, "−x")
    rad2deg = function_of(unary.Rad2Deg, "radians as degrees")
    reciprocal = function_of(unary.Reciprocal, "1 / x")
    rsqrt = function_of(unary.Rsqrt, "1 / √x")
    sgn = function_of(rounding.Sgn, "−1, 0 or 1")
    sign = function_of(rounding.Sign, "−1, 0 or 1")
    sin = function_of(trigonometric.Sin, "the sine")
    sinc = function_of(trigonometric.Sinc, "sin(πx) / (πx), 1 at 0")
    sinh = function_of(trigonometric.Sinh, "the hyperbolic sine")
    sqrt = function_of(unary.Sqrt, "√x")
    tan = function_of(trigonometric.Tan, "the tangent")
    trunc = function_of(rounding.Trunc, "x rounded towards zero")

    def round(self, *, decimals: int = 0) -> Tensor:
        """Round half to even."""
        extra = {"decimals": decimals} if decimals else {}
        return apply(rounding.Round, self, **extra)  # type: ignore[no-any-return]

    def tanh(self) -> Tensor:
        """Return the hyperbolic tangent."""
        from gradstep_engine.ops.activation import Tanh

        return apply(Tanh, self)  # type: ignore[no-any-return]

    def sigmoid(self) -> Tensor:
        """Return 1 / (1 + e⁻ˣ)."""
        from gradstep_engine.ops.activation import Sigmoid

        return apply(Sigmoid, self)  # type: ignore[no-any-return]

    def relu(self) -> Tensor:
        """Return max(x, 0)."""
        from gradstep_engine.ops.activation import Relu

        return apply(Relu, self)  # type: ignore[no-any-return]

    def softmax(self, dim: int, dtype: Any = None) -> Tensor:
        """Return eˣ / Σ eˣ along `dim`."""
        from gradstep_engine.nn.functional import softmax

        return softmax(cast("Tensor", self), dim, dtype=dtype)

    def log_softmax(self, dim: int, dtype: Any = None) -> Tensor:
        """Return the logarithm of softmax along `dim`."""
        from gradstep_engine.nn.functional import log_softmax

        return log_softmax(cast("Tensor", self), dim, dtype=dtype)

    def clamp(self, min: Any = None, max: Any = None) -> Tensor:
        """Limit elements to [min, max]; limits may be tensors.

        Raises:
            RuntimeError: neither limit is given.
        """
        if min is None and max is None:
            raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
        if isinstance(min, TensorBase) or isinstance(max, TensorBase):
            return broadcasting(ClampTensors, self, min, max)  # type: ignore[no-any-return]
        return apply(selection.Clamp, self, min=min, max=max)  # type: ignore[no-any-return]

    clip = clamp

    def clamp_min(self, min: Any) -> Tensor:
        """Limit elements from below."""
        return self.clamp(min=min)

    def clamp_max(self, max: Any) -> Tensor:
        """Limit elements from above."""
        return self.clamp(max=max)

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """Return self where `condition` holds, else `other`."""
        return broadcasting(selection.Where, condition, self, given(other, "where"))  # type: ignore[no-any-return]

    def masked_fill(self, mask: Tensor, value: Any) -> Tensor:
        """Return a copy with `value` where `mask` holds."""
        return broadcasting(selection.MaskedFill, self, mask, value)  # type: ignore[no-any-return]

    def lerp(self, end: Tensor, weight: Any) -> Tensor:
        """Return self + weight · (end − self)."""
        return broadcasting(selection.Lerp, self, end, weight)  # type: ignore[no-any-return]

    def addcmul(self, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
        """Return self + value · tensor1 · tensor2."""
        given_tensor(tensor1, "addcmul", "tensor1")
        given_tensor(tensor2, "addcmul", "tensor2", 2)
        return broadcasting(selection.Addcmul, self, tensor1, tensor2, value=value)  # type: ignore[no-any-return]

    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
        """Return self + value · tensor1 / tensor2."""
        given_tensor(tensor1, "addcdiv", "tensor1")
        given_tensor(tensor2, "addcdiv", "tensor2", 2)
        return broadcasting(selection.Addcdiv, self, tensor1, tensor2, value=value)  # type: ignore[no-any-return]

    def logit(self, eps: float | None = None) -> Tensor:
        """Return ln(x / (1 − x)), with x limited to [eps, 1 − eps]."""
        extra = {} if eps is None else {"eps": eps}
        return apply(unary.Logit, self, **extra)  # type: ignore[no-any-return]

    def nan_to_num(
        self, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
    ) -> Tensor:
        """Return a copy with numbers for NaN, ∞ and −∞: 0, the largest and the smallest float."""
        attributes = {"nan": nan or 0.0, "posinf": posinf, "neginf": neginf}
        return apply(rounding.NanToNum, self, **attributes)  # type: ignore[no-any-return]

    def positive(self) -> Any:
        """Return the tensor itself.

        Raises:
            RuntimeError: it holds bools.
        """
        if self._array.dtype.kind == "b":
            raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
        return self

    absolute, negative, fix, arctan = abs, neg, trunc, atan
    arccos, arccosh, arcsin, arcsinh, arctanh = acos, acosh, asin, asinh, atanh
