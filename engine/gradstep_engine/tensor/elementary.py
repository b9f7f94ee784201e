"""Functions of one operand, and choosing between elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import rounding, selection, trigonometric, unary
from gradstep_engine.tensor.operands import check_broadcast, given

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


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

    def exp(self) -> Tensor:
        """Return eˣ."""
        return apply(unary.Exp, self)  # type: ignore[no-any-return]

    def exp2(self) -> Tensor:
        """Return 2ˣ."""
        return apply(unary.Exp2, self)  # type: ignore[no-any-return]

    def expm1(self) -> Tensor:
        """Return eˣ − 1, exact near 0."""
        return apply(unary.Expm1, self)  # type: ignore[no-any-return]

    def log(self) -> Tensor:
        """Return the natural logarithm."""
        return apply(unary.Log, self)  # type: ignore[no-any-return]

    def log2(self) -> Tensor:
        """Return the logarithm to base 2."""
        return apply(unary.Log2, self)  # type: ignore[no-any-return]

    def log10(self) -> Tensor:
        """Return the logarithm to base 10."""
        return apply(unary.Log10, self)  # type: ignore[no-any-return]

    def log1p(self) -> Tensor:
        """Return ln(1 + x), exact near 0."""
        return apply(unary.Log1p, self)  # type: ignore[no-any-return]

    def sqrt(self) -> Tensor:
        """Return √x."""
        return apply(unary.Sqrt, self)  # type: ignore[no-any-return]

    def rsqrt(self) -> Tensor:
        """Return 1 / √x."""
        return apply(unary.Rsqrt, self)  # type: ignore[no-any-return]

    def reciprocal(self) -> Tensor:
        """Return 1 / x."""
        return apply(unary.Reciprocal, self)  # type: ignore[no-any-return]

    def sin(self) -> Tensor:
        """Return the sine."""
        return apply(trigonometric.Sin, self)  # type: ignore[no-any-return]

    def cos(self) -> Tensor:
        """Return the cosine."""
        return apply(trigonometric.Cos, self)  # type: ignore[no-any-return]

    def tan(self) -> Tensor:
        """Return the tangent."""
        return apply(trigonometric.Tan, self)  # type: ignore[no-any-return]

    def asin(self) -> Tensor:
        """Return the angle whose sine is x."""
        return apply(trigonometric.Asin, self)  # type: ignore[no-any-return]

    def acos(self) -> Tensor:
        """Return the angle whose cosine is x."""
        return apply(trigonometric.Acos, self)  # type: ignore[no-any-return]

    def atan(self) -> Tensor:
        """Return the angle whose tangent is x."""
        return apply(trigonometric.Atan, self)  # type: ignore[no-any-return]

    def sinh(self) -> Tensor:
        """Return the hyperbolic sine."""
        return apply(trigonometric.Sinh, self)  # type: ignore[no-any-return]

    def cosh(self) -> Tensor:
        """Return the hyperbolic cosine."""
        return apply(trigonometric.Cosh, self)  # type: ignore[no-any-return]

    def sign(self) -> Tensor:
        """Return −1, 0 or 1."""
        return apply(rounding.Sign, self)  # type: ignore[no-any-return]

    def floor(self) -> Tensor:
        """Round down."""
        return apply(rounding.Floor, self)  # type: ignore[no-any-return]

    def ceil(self) -> Tensor:
        """Round up."""
        return apply(rounding.Ceil, self)  # type: ignore[no-any-return]

    def trunc(self) -> Tensor:
        """Round towards zero."""
        return apply(rounding.Trunc, self)  # type: ignore[no-any-return]

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
            result: Any = self
            if min is not None:
                result = result.maximum(min)
            return result if max is None else result.minimum(max)  # type: ignore[no-any-return]
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
        return broadcasting(selection.Addcmul, self, tensor1, tensor2, value=value)  # type: ignore[no-any-return]

    def addcdiv(self, tensor1: Tensor, tensor2: Tensor, *, value: float = 1) -> Tensor:
        """Return self + value · tensor1 / tensor2."""
        return broadcasting(selection.Addcdiv, self, tensor1, tensor2, value=value)  # type: ignore[no-any-return]

    arcsin, arccos, arctan = asin, acos, atan
