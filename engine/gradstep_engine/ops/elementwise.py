"""Arithmetic, element by element, with broadcasting."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.function import Op
from gradstep_engine.ops.unbroadcast import unbroadcast


def _shape(x: Any) -> tuple[int, ...]:
    shape: tuple[int, ...] = getattr(x, "shape", ())
    return shape


class Add(Op):
    """a + b.  ∂/∂a = grad, ∂/∂b = grad."""

    op_name = "add"
    node_name = "AddBackward0"

    def forward(self, a: Any, b: Any) -> Any:
        self.shapes = _shape(a), _shape(b)
        return a + b

    def backward(self, grad: Any) -> Any:
        a, b = self.shapes
        return (
            unbroadcast(grad, a) if self.needs(0) else None,
            unbroadcast(grad, b) if self.needs(1) else None,
        )


class Mul(Op):
    """a · b.  ∂/∂a = grad · b, ∂/∂b = grad · a."""

    op_name = "mul"
    node_name = "MulBackward0"
    saves = (0, 1)

    def forward(self, a: Any, b: Any) -> Any:
        self.saved = a, b
        return a * b

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return (
            unbroadcast(grad * b, _shape(a)) if self.needs(0) else None,
            unbroadcast(grad * a, _shape(b)) if self.needs(1) else None,
        )
