"""Functions of two operands, element by element, beside arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.elementwise import Binary, as_float
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


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
        return _shared(grad, a, b, a > b)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _shared_tensors(grad, a, b, a > b)


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
        return _shared(grad, a, b, a < b)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return _shared_tensors(grad, a, b, a < b)


def _shared(grad: Any, a: Any, b: Any, a_wins: Any) -> Any:
    weight = a_wins + (a == b) * grad.dtype.type(0.5)
    return unbroadcast(grad * weight, shape_of(a)), unbroadcast(grad * (1 - weight), shape_of(b))


def _shared_tensors(grad: Any, a: Any, b: Any, a_wins: Any) -> Any:
    weight = wrap(a_wins + (a == b) * grad._array.dtype.type(0.5))
    return unbroadcast(grad * weight, shape_of(a)), unbroadcast(grad * (1 - weight), shape_of(b))


class Atan2(Binary):
    """The angle of (b, a).  ∂/∂a = grad · b / (a² + b²), ∂/∂b = −grad · a / (a² + b²)."""

    op_name = "atan2"
    node_name = "Atan2Backward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b = as_float(a), as_float(b)
        return np.arctan2(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        scale = grad / (a * a + b * b)
        return unbroadcast(scale * b, shape_of(a)), unbroadcast(-scale * a, shape_of(b))

    def backward_tensors(self, grad: Any) -> Any:
        a, b = self.input(0), self.input(1)
        scale = grad / (a * a + b * b)
        return unbroadcast(scale * b, shape_of(a)), unbroadcast(-scale * a, shape_of(b))
