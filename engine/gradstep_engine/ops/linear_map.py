"""Operations that are linear in their only input: each derives to its transpose, and back."""

from __future__ import annotations

from typing import Any, Protocol

from gradstep_engine.autograd.function import Op, apply


class LinearMap(Protocol):
    """A linear map of arrays and its transpose."""

    def apply(self, x: Any) -> Any:
        """Return the map of `x`, a new array."""

    def adjoint(self, grad: Any) -> Any:
        """Return the transposed map of `grad`, a new array."""


class Mapped(Op):
    """y = M x for a `map` that `forward` makes.  ∂/∂x = Mᵀ grad."""

    fresh = True
    map: LinearMap

    def backward(self, grad: Any) -> Any:
        return self.map.adjoint(grad)

    def backward_tensors(self, grad: Any) -> Any:
        return apply(Transposed, grad, map=self.map)


class Given(Mapped):
    """y = M x for a `map` that exists."""

    op_name = "linear_map"
    node_name = "LinearMapBackward0"

    def forward(self, x: Any, *, map: LinearMap) -> Any:
        self.map = map
        return map.apply(x)


class Transposed(Op):
    """x = Mᵀ y.  ∂/∂y = M grad."""

    op_name = "linear_map_backward"
    node_name = "LinearMapBackwardBackward0"
    fresh = True

    def forward(self, y: Any, *, map: LinearMap) -> Any:
        self.map = map
        return map.adjoint(y)

    def backward(self, grad: Any) -> Any:
        return self.map.apply(grad)

    def backward_tensors(self, grad: Any) -> Any:
        return apply(Given, grad, map=self.map)
