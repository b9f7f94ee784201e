"""Pieces of recurrent cells: gates taken apart, the weight turned for many products."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.joining import Cat


class UnsafeSplit(Op):
    """Pieces of one width along the last dimension.  ∂/∂a = the pieces' gradients side by side.

    The pieces lie in a's memory, but are no views of it: nobody holds a once it is split.
    """

    op_name = "chunk"
    node_name = "UnsafeSplitBackward0"

    def forward(self, a: Any, *, chunks: int) -> Any:
        width = a.shape[-1] // chunks
        self.piece: tuple[int, ...] = (*a.shape[:-1], width)
        return tuple([a[..., k * width : (k + 1) * width] for k in range(chunks)])

    def backward(self, *grads: Any) -> Any:
        kind = next(grad.dtype for grad in grads if grad is not None)
        pieces = [np.zeros(self.piece, kind) if grad is None else grad for grad in grads]
        return (np.concatenate(pieces, -1),)

    def backward_tensors(self, *grads: Any) -> Any:
        kind = next(grad._array.dtype for grad in grads if grad is not None)
        pieces = [wrap(np.zeros(self.piece, kind)) if grad is None else grad for grad in grads]
        return (apply(Cat, *pieces, dim=len(self.piece) - 1),)


class Turned(Op):
    """Wᵀ in memory of its own, as it is read by many products.  ∂/∂W = gradᵀ.

    It keeps W only for the check of its version: without that copy, the products would keep it, and
    an optimizer that steps before backward would be noticed.
    """

    op_name = "t"
    node_name = "TBackward0"
    saves = (0,)

    def forward(self, weight: Any) -> Any:
        self.saved = (weight,)
        return np.ascontiguousarray(weight.T)

    def backward(self, grad: Any) -> Any:
        return (grad.T,)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad.t(),)
