"""Divisions that round, and what they leave over."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.elementwise import Binary, as_float
from gradstep_engine.ops.masking import zero_tensor_for, zeros_for
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


def check_divisor(a: Any, b: Any) -> None:
    """Refuse to divide whole numbers by zero; floats become infinite.

    Raises:
        RuntimeError: torch's own, which says `ZeroDivisionError`.
    """
    kind = np.result_type(a, b).kind if isinstance(a, (int, float)) else a.dtype.kind
    if kind != "f" and not isinstance(b, float) and np.any(np.equal(b, 0)):
        raise RuntimeError("ZeroDivisionError")


class FloorDivide(Binary):
    """⌊a / b⌋, whose derivative PyTorch does not have: there is a node, and backward refuses."""

    op_name = "floor_divide"
    node_name = "NotImplemented"

    def forward(self, a: Any, b: Any) -> Any:
        check_divisor(a, b)
        return np.floor_divide(a, b)

    def backward(self, grad: Any) -> Any:
        raise RuntimeError("derivative for aten::floor_divide is not implemented")

    backward_tensors = backward


class DivRounded(Binary):
    """a / b rounded down or towards zero, flat almost everywhere."""

    op_name = "div"
    node_name = "DivBackward2"

    def forward(self, a: Any, b: Any, *, rounding: str) -> Any:
        check_divisor(a, b)
        self.shapes = shape_of(a), shape_of(b)
        if rounding == "floor":
            return np.floor_divide(a, b)
        if np.result_type(a, b).kind == "f":
            return np.trunc(a / b)
        quotient = np.floor_divide(a, b)
        return quotient + ((quotient < 0) & (quotient * b != a))

    def backward(self, grad: Any) -> Any:
        return self.reduced(zeros_for(grad), zeros_for(grad))

    def backward_tensors(self, grad: Any) -> Any:
        return self.reduced(zero_tensor_for(grad), zero_tensor_for(grad))


class Remainder(Binary):
    """a − b · ⌊a / b⌋, with the sign of b.  ∂/∂a = grad, ∂/∂b = −grad · ⌊a / b⌋."""

    op_name = "remainder"
    node_name = "RemainderBackward1"
    saves = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        check_divisor(a, b)
        self.saved = a, b
        if not isinstance(b, (np.ndarray, np.generic)):
            self.node_name = self.node_name[:-1] + "0"
        return self.rest(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return (
            unbroadcast(grad, shape_of(a)) if self.needs(0) else None,
            unbroadcast(-grad * self.whole(a, b), shape_of(b)) if self.needs(1) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        along_b = -grad * wrap(self.whole(a, b)) if self.needs(1) else None
        return (
            unbroadcast(grad, shape_of(a)) if self.needs(0) else None,
            None if along_b is None else unbroadcast(along_b, shape_of(b)),
        )

    def rest(self, a: Any, b: Any) -> Any:
        """Return what the division leaves over."""
        return np.remainder(a, b)

    def whole(self, a: Any, b: Any) -> Any:
        """Return how often b goes into a."""
        return np.floor_divide(a, b)


class Fmod(Remainder):
    """a − b · trunc(a / b), with the sign of a.  ∂/∂a = grad, ∂/∂b = −grad · trunc(a / b)."""

    op_name = "fmod"
    node_name = "FmodBackward1"

    def rest(self, a: Any, b: Any) -> Any:
        return np.fmod(a, b)

    def whole(self, a: Any, b: Any) -> Any:
        return np.trunc(as_float(a) / b)
