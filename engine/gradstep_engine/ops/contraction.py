"""Cross products and traces."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.unbroadcast import unbroadcast


class Cross(Op):
    """a × b along `dim`.  ∂/∂a = b × grad, ∂/∂b = grad × a."""

    op_name = "cross"
    node_name = "LinalgCrossBackward0"
    saves = (0, 1)
    promotes = True
    fresh = True

    def forward(self, a: Any, b: Any, *, dim: int) -> Any:
        self.saved, self.dim = (a, b), dim
        return np.cross(a, b, axis=dim)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        dim = self.dim
        return (
            unbroadcast(np.cross(b, grad, axis=dim), a.shape) if self.needs(0) else None,
            unbroadcast(np.cross(grad, a, axis=dim), b.shape) if self.needs(1) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        a, b = self.input(0), self.input(1)
        along_a = apply(Cross, b, grad, dim=self.dim) if self.needs(0) else None
        along_b = apply(Cross, grad, a, dim=self.dim) if self.needs(1) else None
        return (
            None if along_a is None else unbroadcast(along_a, a.shape),
            None if along_b is None else unbroadcast(along_b, b.shape),
        )


class Trace(Op):
    """Σ aᵢᵢ of a matrix.  ∂/∂a = grad on the diagonal."""

    op_name = "trace"
    node_name = "TraceBackward0"
    fresh = True

    def forward(self, a: Any) -> Any:
        if a.ndim != 2:
            raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {a.ndim}")
        self.shape: tuple[int, int] = a.shape
        return np.trace(a, dtype=np.int64 if a.dtype.kind in "iub" else a.dtype)

    def backward(self, grad: Any) -> Any:
        return (grad * np.eye(*self.shape, dtype=grad.dtype),)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad * wrap(np.eye(*self.shape, dtype=grad._array.dtype)),)
