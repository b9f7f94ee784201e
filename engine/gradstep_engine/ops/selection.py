"""Choosing element by element: where, clamp, masks; and fused multiply-adds."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.ops.elementwise import as_float
from gradstep_engine.ops.masking import masked
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


class Where(Op):
    """a where the condition holds, else b; each gets the gradient where it was chosen."""

    op_name = "where"
    node_name = "WhereBackward0"
    fresh = True

    def forward(self, condition: Any, a: Any, b: Any) -> Any:
        self.saved = (condition,)
        self.shapes = shape_of(a), shape_of(b)
        return np.where(condition, a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (condition,) = self.saved
        zero = grad.dtype.type(0)
        return (
            None,
            unbroadcast(np.where(condition, grad, zero), self.shapes[0]) if self.needs(1) else None,
            unbroadcast(np.where(condition, zero, grad), self.shapes[1]) if self.needs(2) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        condition = wrap(self.saved[0])
        along_a = along_b = None
        if self.needs(1):
            along_a = unbroadcast(apply(Where, condition, grad, 0), self.shapes[0])
        if self.needs(2):
            along_b = unbroadcast(apply(Where, condition, 0, grad), self.shapes[1])
        return None, along_a, along_b


class Clamp(Op):
    """a limited to [min, max]; the gradient passes where a is within the limits."""

    op_name = "clamp"
    node_name = "ClampBackward1"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, min: Any = None, max: Any = None) -> Any:
        if a.dtype.kind != "f" and (isinstance(min, float) or isinstance(max, float)):
            a = as_float(a)
        self.saved = (a,)
        self.limits = min, max
        result = a
        if min is not None:
            result = np.maximum(result, min)
        return result if max is None else np.minimum(result, max)

    def backward(self, grad: Any) -> Any:
        return (masked(grad, self._inside()),)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad.masked_fill(wrap(np.logical_not(self._inside())), 0),)

    def _inside(self) -> Any:
        assert self.saved is not None
        (a,) = self.saved
        low, high = self.limits
        inside: Any = np.True_
        if low is not None:
            inside = a >= low
        return inside if high is None else inside & (a <= high)


_C_NAMES = {
    "uint8": "unsigned char",
    "int8": "signed char",
    "int16": "short int",
    "int32": "int",
    "int64": "long int",
    "float32": "float",
    "float64": "double",
}


class MaskedFill(Op):
    """a with `value` where the mask holds; a gets the gradient elsewhere, `value` the rest."""

    op_name = "masked_fill"
    node_name = "MaskedFillBackward0"
    fresh = True

    def forward(self, a: Any, mask: Any, value: Any) -> Any:
        if mask.dtype.kind != "b":
            raise RuntimeError(
                "masked_fill_ only supports boolean masks, but got mask with dtype "
                f"{_C_NAMES.get(mask.dtype.name, mask.dtype.name)}"
            )
        if shape_of(value):
            raise RuntimeError(
                "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
                f"{value.ndim} dimension(s)."
            )
        if isinstance(value, (np.ndarray, np.generic)):
            self.node_name = "MaskedFillBackward1"
        self.saved = (mask,)
        self.shape = shape_of(a)
        return np.where(mask, a.dtype.type(value), a)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (mask,) = self.saved
        zero = grad.dtype.type(0)
        value = np.add.reduce(np.where(mask, grad, zero), axis=None) if self.needs(2) else None
        return unbroadcast(np.where(mask, zero, grad), self.shape), None, value

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        mask = wrap(self.saved[0])
        value = apply(Where, mask, grad, 0).sum() if self.needs(2) else None
        return unbroadcast(apply(Where, mask, 0, grad), self.shape), None, value


_C_NAMES = {
    "float16": "c10::Half", "float32": "float", "float64": "double", "bool": "bool",
    "uint8": "unsigned char", "int8": "signed char", "int16": "short int", "int32": "int",
    "int64": "long int",
}  # fmt: skip


def between(a: Any, b: Any, weight: Any) -> Any:
    """Return a + weight · (b − a), reckoned from the nearer end: exactly a for 0 and b for 1."""
    if not shape_of(weight):
        if abs(weight) < 0.5:
            return a + weight * (b - a)
        return b - (b - a) * (1 - weight)
    way = b - a
    return np.where(np.abs(weight) < 0.5, a + weight * way, b - way * (1 - weight))


class Lerp(Op):
    """a + weight · (b − a).  ∂/∂a = grad · (1 − w), ∂/∂b = grad · w, ∂/∂w = grad · (b − a)."""

    op_name = "lerp"
    node_name = "LerpBackward0"
    saves = (0, 1, 2)
    promotes = True

    def check_types(self, operands: list[Any]) -> None:
        wanted = operands[0].dtype
        for name, other in zip(("end", "weight"), operands[1:], strict=True):
            if isinstance(other, (np.ndarray, np.generic)) and other.dtype != wanted:
                raise RuntimeError(
                    f"expected dtype {_C_NAMES[wanted.name]} for `{name}` but got dtype "
                    f"{_C_NAMES[other.dtype.name]}"
                )

    def forward(self, a: Any, b: Any, weight: Any) -> Any:
        self.saved = a, b, weight
        return between(a, b, weight)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b, weight = self.saved
        return (
            unbroadcast(grad * (1 - weight), shape_of(a)),
            unbroadcast(grad * weight, shape_of(b)),
            unbroadcast(grad * (b - a), shape_of(weight)) if self.needs(2) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        a, b, weight = self.input(0), self.input(1), self.input(2)
        return (
            unbroadcast(grad * (1 - weight), shape_of(a)),
            unbroadcast(grad * weight, shape_of(b)),
            unbroadcast(grad * (b - a), shape_of(weight)) if self.needs(2) else None,
        )


class Addcmul(Op):
    """a + value · b · c.  ∂/∂a = grad, ∂/∂b = grad · value · c, ∂/∂c = grad · value · b."""

    op_name = "addcmul"
    node_name = "AddcmulBackward0"
    saves = (1, 2)
    promotes = True

    def forward(self, a: Any, b: Any, c: Any, *, value: float = 1) -> Any:
        self.saved = b, c
        self.shape, self.value = shape_of(a), value
        return a + value * b * c

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        b, c = self.saved
        scaled = grad * self.value
        return (
            unbroadcast(grad, self.shape),
            unbroadcast(scaled * c, shape_of(b)) if self.needs(1) else None,
            unbroadcast(scaled * b, shape_of(c)) if self.needs(2) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        b, c = self.input(1), self.input(2)
        scaled = grad * self.value
        return (
            unbroadcast(grad, self.shape),
            unbroadcast(scaled * c, shape_of(b)) if self.needs(1) else None,
            unbroadcast(scaled * b, shape_of(c)) if self.needs(2) else None,
        )


class Addcdiv(Op):
    """a + value · b / c.  ∂/∂b = grad · value / c, ∂/∂c = −grad · value · b / c²."""

    op_name = "addcdiv"
    node_name = "AddcdivBackward0"
    saves = (1, 2)
    promotes = True

    def check_types(self, operands: list[Any]) -> None:
        if all(np.result_type(each).kind != "f" for each in operands[1:]):
            raise RuntimeError(
                "Integer division with addcdiv is no longer supported: convert one of the tensors "
                "to floats for a true division, or use torch.div(rounding_mode=...) for another."
            )

    def forward(self, a: Any, b: Any, c: Any, *, value: float = 1) -> Any:
        self.saved = b, c
        self.shape, self.value = shape_of(a), value
        return a + value * b / c

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        b, c = self.saved
        scaled = grad * self.value / c
        return (
            unbroadcast(grad, self.shape),
            unbroadcast(scaled, shape_of(b)) if self.needs(1) else None,
            unbroadcast(-scaled * b / c, shape_of(c)) if self.needs(2) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        b, c = self.input(1), self.input(2)
        scaled = grad * self.value / c
        return (
            unbroadcast(grad, self.shape),
            unbroadcast(scaled, shape_of(b)) if self.needs(1) else None,
            unbroadcast(-scaled * b / c, shape_of(c)) if self.needs(2) else None,
        )


class ToCopy(Op):
    """The same values in another type; the gradient is converted back."""

    op_name = "to"
    node_name = "ToCopyBackward0"

    def forward(self, a: Any, *, dtype: Any) -> Any:
        self.dtype = a.dtype
        return a.astype(dtype)

    def backward(self, grad: Any) -> Any:
        return (grad.astype(self.dtype),)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad.to(of_numpy(self.dtype)),)


class ToWhole(ToCopy):
    """The same values as whole numbers or truth values, which have no gradient."""

    differentiable = False


class Clone(Op):
    """A copy in its own memory.  ∂/∂a = grad."""

    op_name = "clone"
    node_name = "CloneBackward0"

    def forward(self, a: Any) -> Any:
        return a.copy()

    def backward(self, grad: Any) -> Any:
        return (grad,)

    backward_tensors = backward
