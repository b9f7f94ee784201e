"""Functions of two operands, element by element, beside arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import NUMBERS
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.ops.elementwise import Binary, as_float, as_tensor
from gradstep_engine.ops.masking import (
    masked,
    masked_tensor,
    weighted,
    weighted_tensor,
    zero_tensor_for,
    zeros_for,
)
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


def check_kind(name: str, a: Any, kinds: str) -> None:
    """Refuse types for which torch has no kernel; `kinds` are numpy's letters for the others.

    Raises:
        NotImplementedError: the type is none of these.
    """
    if a.dtype.kind not in kinds:
        shown = of_numpy(a.dtype).cpu_type
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for '{shown}'")


class OfPair(Binary):
    """A function of two floats given by its value and the gradients along both operands."""

    saves = (0, 1)
    fresh = True
    floats_only = False

    def forward(self, a: Any, b: Any) -> Any:
        if self.floats_only:
            check_kind(self.op_name, a, "f")
        a, b = as_float(a), as_float(b)
        # numpy's functions would take a plain number for a float64.
        if a.__class__ in NUMBERS:
            a = b.dtype.type(a)
        elif b.__class__ in NUMBERS:
            b = a.dtype.type(b)
        self.saved = a, b
        return self.value(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return self._fitted(self.slopes(grad, *self.saved))

    def backward_tensors(self, grad: Any) -> Any:
        a, b = as_tensor(self.input(0), grad), as_tensor(self.input(1), grad)
        return self._fitted(self.slopes_of_tensors(grad, a, b))

    def _fitted(self, slopes: tuple[Any, Any]) -> tuple[Any, Any]:
        assert self.saved is not None
        a, b = self.saved
        return (
            unbroadcast(slopes[0], shape_of(a)) if self.needs(0) else None,
            unbroadcast(slopes[1], shape_of(b)) if self.needs(1) else None,
        )

    def value(self, a: Any, b: Any) -> Any:
        """Return f(a, b)."""
        raise NotImplementedError(self.op_name)

    def slopes(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        """Return grad · ∂f/∂a and grad · ∂f/∂b, in the shape of the result."""
        raise NotImplementedError(self.op_name)

    def slopes_of_tensors(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        """Return the same in tensors: `slopes` itself where it has nothing but operators."""
        return self.slopes(grad, a, b)


class Maximum(Binary):
    """max(a, b); the gradient goes to the larger operand, half to each where they are equal."""

    op_name = "maximum"
    node_name = "MaximumBackward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b
        return np.maximum(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _shared(grad, a, b, np.greater)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _shared_tensors(grad, a, b, np.greater)


class Minimum(Binary):
    """min(a, b); the gradient goes to the smaller operand, half to each where they are equal."""

    op_name = "minimum"
    node_name = "MinimumBackward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b
        return np.minimum(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _shared(grad, a, b, np.less)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _shared_tensors(grad, a, b, np.less)


def _shares(a: Any, b: Any, above: Any, dtype: Any) -> tuple[Any, Any]:
    """Return the weights of a and b, `above` of which says where one loses; NaN loses nowhere."""
    half = (a == b) * dtype.type(0.5)
    return np.logical_not(above(b, a)) - half, np.logical_not(above(a, b)) - half


def _shared(grad: Any, a: Any, b: Any, above: Any) -> Any:
    of_a, of_b = _shares(a, b, above, grad.dtype)
    return (
        unbroadcast(weighted(grad, of_a), shape_of(a)),
        unbroadcast(weighted(grad, of_b), shape_of(b)),
    )


def _shared_tensors(grad: Any, a: Any, b: Any, above: Any) -> Any:
    of_a, of_b = _shares(a, b, above, grad._array.dtype)
    return (
        unbroadcast(weighted_tensor(grad, of_a), shape_of(a)),
        unbroadcast(weighted_tensor(grad, of_b), shape_of(b)),
    )


class Fmax(Maximum):
    """max(a, b), the other one where one is not a number; the gradient follows the choice."""

    op_name = "fmax"
    node_name = "FmaxBackward0"

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b
        return np.fmax(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _chosen(grad, a, b, (a >= b) | (b != b))

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _chosen_tensors(grad, a, b, (a >= b) | (b != b))


class Fmin(Minimum):
    """min(a, b), the other one where one is not a number; the gradient follows the choice."""

    op_name = "fmin"
    node_name = "FminBackward0"

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b
        return np.fmin(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _chosen(grad, a, b, (a <= b) | (b != b))

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _chosen_tensors(grad, a, b, (a <= b) | (b != b))


def _chosen(grad: Any, a: Any, b: Any, first: Any) -> Any:
    zero = grad.dtype.type(0)
    return (
        unbroadcast(np.where(first, grad, zero), shape_of(a)),
        unbroadcast(np.where(first, zero, grad), shape_of(b)),
    )


def _chosen_tensors(grad: Any, a: Any, b: Any, first: Any) -> Any:
    return (
        unbroadcast(grad.masked_fill(wrap(~first), 0), shape_of(a)),
        unbroadcast(grad.masked_fill(wrap(first), 0), shape_of(b)),
    )


class Atan2(OfPair):
    """The angle of (b, a).  ∂/∂a = grad · b / (a² + b²), ∂/∂b = −grad · a / (a² + b²), 0 at 0."""

    op_name = "atan2"
    node_name = "Atan2Backward0"

    def value(self, a: Any, b: Any) -> Any:
        return np.arctan2(a, b)

    def slopes(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        square = a * a + b * b
        inverse = np.where(square == 0, grad.dtype.type(0), 1 / square)
        return grad * b * inverse, grad * -a * inverse

    def slopes_of_tensors(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        square = a * a + b * b
        inverse = (1 / square).masked_fill(square == 0, 0)
        return grad * b * inverse, grad * -a * inverse


class Hypot(OfPair):
    """√(a² + b²) = r.  ∂/∂a = grad · a / r, ∂/∂b = grad · b / r."""

    op_name = "hypot"
    floats_only = True
    node_name = "HypotBackward0"

    def value(self, a: Any, b: Any) -> Any:
        return np.hypot(a, b)

    def slopes(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        r = np.hypot(a, b)
        return grad * (a / r), grad * (b / r)

    def slopes_of_tensors(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        r = a.hypot(b)
        return grad * (a / r), grad * (b / r)


class LogAddExp(OfPair):
    """ln(eᵃ + eᵇ).  ∂/∂a = grad / (1 + eᵇ⁻ᵃ), ∂/∂b = grad / (1 + eᵃ⁻ᵇ)."""

    op_name = "logaddexp"
    floats_only = True
    node_name = "LogaddexpBackward0"

    def value(self, a: Any, b: Any) -> Any:
        return np.logaddexp(a, b)

    def slopes(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        return grad / (1 + np.exp(b - a)), grad / (1 + np.exp(a - b))

    def slopes_of_tensors(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        return grad / (1 + (b - a).exp()), grad / (1 + (a - b).exp())


class LogAddExp2(OfPair):
    """log₂(2ᵃ + 2ᵇ).  ∂/∂a = grad / (1 + 2ᵇ⁻ᵃ), ∂/∂b = grad / (1 + 2ᵃ⁻ᵇ)."""

    op_name = "logaddexp2"
    floats_only = True
    node_name = "Logaddexp2Backward0"

    def value(self, a: Any, b: Any) -> Any:
        return np.logaddexp2(a, b)

    def slopes(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        return grad / (1 + np.exp2(b - a)), grad / (1 + np.exp2(a - b))

    def slopes_of_tensors(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        return grad / (1 + (b - a).exp2()), grad / (1 + (a - b).exp2())


class Xlogy(OfPair):
    """a · ln b, 0 where a = 0.  ∂/∂a = grad · ln b, ∂/∂b = grad · a / b."""

    op_name = "xlogy"
    node_name = "XlogyBackward0"

    def forward(self, a: Any, b: Any) -> Any:
        if not isinstance(b, (np.ndarray, np.generic)):
            self.node_name = "XlogyBackward2"
        elif not isinstance(a, (np.ndarray, np.generic)):
            self.node_name = "XlogyBackward1"
        return super().forward(a, b)

    def value(self, a: Any, b: Any) -> Any:
        return np.where(np.equal(a, 0) & ~np.isnan(b), a * 0, a * np.log(b))

    def slopes(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        flat = np.equal(a, 0) & np.less_equal(b, 0)
        return np.where(flat, grad.dtype.type(0), self.value(grad, b)), grad * a / b

    def slopes_of_tensors(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        flat = (a == 0) & (b <= 0)
        return grad.xlogy(b).masked_fill(flat, 0), grad * a / b


class Copysign(OfPair):
    """|a| with the sign of b = r.  ∂/∂a = grad · r / a (0 where a = 0), ∂/∂b = 0."""

    op_name = "copysign"
    node_name = "CopysignBackward0"

    def forward(self, a: Any, b: Any) -> Any:
        if not isinstance(b, (np.ndarray, np.generic)):
            self.node_name = "CopysignBackward1"
        return super().forward(a, b)

    def value(self, a: Any, b: Any) -> Any:
        return np.copysign(a, b)

    def slopes(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        return grad * self._ratio(a, b), zeros_for(grad)

    def slopes_of_tensors(self, grad: Any, a: Any, b: Any) -> tuple[Any, Any]:
        return grad * wrap(self._ratio(a._array, b._array)), zero_tensor_for(grad)

    def _ratio(self, a: Any, b: Any) -> Any:
        return np.where(a == 0, a.dtype.type(0), np.copysign(a, b) / a)


class Heaviside(Binary):
    """0 below zero, 1 above, b at zero. PyTorch lacks its derivative: backward refuses."""

    op_name = "heaviside"
    node_name = "NotImplemented"

    def check_types(self, operands: list[Any]) -> None:
        if operands[0].dtype != operands[1].dtype:
            raise RuntimeError(
                "heaviside is not yet implemented for tensors with different dtypes."
            )

    def forward(self, a: Any, b: Any) -> Any:
        return np.where(a == 0, b, (a > 0).astype(a.dtype))

    def backward(self, grad: Any) -> Any:
        raise RuntimeError("derivative for aten::heaviside is not implemented")

    backward_tensors = backward


class Gcd(Binary):
    """The greatest common divisor of whole numbers."""

    op_name = "gcd"
    differentiable = False

    def forward(self, a: Any, b: Any) -> Any:
        check_kind(self.op_name, a, "iu")
        return np.gcd(a, b)


class Lcm(Binary):
    """The least common multiple of whole numbers."""

    op_name = "lcm"
    differentiable = False

    def forward(self, a: Any, b: Any) -> Any:
        check_kind(self.op_name, a, "iu")
        return np.lcm(a, b)


class NextAfter(Binary):
    """The float after a in the direction of b.  ∂/∂a = grad (0 where a = b), ∂/∂b = 0."""

    op_name = "nextafter"
    node_name = "NextafterBackward0"

    def forward(self, a: Any, b: Any) -> Any:
        check_kind(self.op_name, a, "f")
        self.shapes = shape_of(a), shape_of(b)
        self.saved = (np.not_equal(a, b),)
        return np.nextafter(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return self.reduced(masked(grad, self.saved[0]), zeros_for(grad))

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        return self.reduced(masked_tensor(grad, self.saved[0]), zero_tensor_for(grad))
