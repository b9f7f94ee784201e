"""The affine map of a fully connected layer, as one node."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op

SMALL = 1_000_000
"""Multiplications up to which OpenBLAS multiplies in place, without packing its operands."""


@lru_cache(maxsize=32)
def _ones(count: int, dtype: Any) -> Any:
    return np.ones(count, dtype=dtype)


def needed_by_product(node: Op) -> tuple[int, ...]:
    """Return which of the two factors of a product backward will read: the other's gradient does.

    An optimizer may change the weight of the first layer before backward, as in PyTorch.
    """
    if not node.edges:
        return ()
    return ((0,) if node.needs(1) else ()) + ((1,) if node.needs(0) else ())


def affine(rows: Any, weight: Any, bias: Any = None) -> Any:
    """Return x Wᵀ + b for rows x (n, in).

    With few rows BLAS is faster at W xᵀ by up to a half, which has to be turned then; the sum with
    the bias is a pass that does it.
    """
    count, outputs = len(rows), len(weight)
    if 2 * count > outputs or count * weight.size < SMALL:
        result = np.dot(rows, weight.T)
        if bias is not None:
            result += bias
        return result
    turned = np.dot(weight, rows.T).T
    if bias is None:
        return np.ascontiguousarray(turned)
    return np.add(turned, bias, out=np.empty(turned.shape, turned.dtype))


class Linear(Op):
    """y = x Wᵀ + b.  ∂/∂x = grad W, ∂/∂W = gradᵀ x, ∂/∂b = Σ grad over all rows.

    Shapes: x (..., in), W (out, in), b (out), y (..., out).
    """

    op_name = "linear"
    node_name = "AddmmBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(self, x: Any, weight: Any, bias: Any = None) -> Any:
        self.saved = x, weight
        self.saves = needed_by_product(self)
        rows = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
        if bias is None:
            self.node_name = "MmBackward0"
        result = affine(rows, weight, bias)
        return result if x.ndim == 2 else result.reshape(*x.shape[:-1], weight.shape[0])

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight = self.saved
        grad_rows = grad if grad.ndim == 2 else grad.reshape(-1, weight.shape[0])
        rows = x if x.ndim == 2 else x.reshape(-1, x.shape[-1])
        grad_x = np.dot(grad_rows, weight).reshape(x.shape) if self.needs(0) else None
        grad_weight = np.dot(grad_rows.T, rows) if self.needs(1) else None
        if len(self.edges) == 2:
            return grad_x, grad_weight
        # A product with ones sums the columns faster than a reduction along the slow axis.
        grad_bias = np.dot(_ones(len(grad_rows), grad.dtype), grad_rows) if self.needs(2) else None
        return grad_x, grad_weight, grad_bias

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        grad_x = grad.matmul(self.input(1)) if self.needs(0) else None
        grad_rows = grad.reshape(-1, grad.shape[-1])
        grad_weight = None
        if self.needs(1):
            x = self.input(0)
            grad_weight = grad_rows.t().mm(x.reshape(-1, x.shape[-1]))
        if len(self.edges) == 2:
            return grad_x, grad_weight
        return grad_x, grad_weight, grad_rows.sum(0) if self.needs(2) else None


class Bilinear(Op):
    """y_o = x₁ᵀ W_o x₂ + b_o.  ∂/∂x₁ = Σ_o grad_o W_o x₂, ∂/∂x₂ likewise, ∂/∂W_o = grad_o x₁ x₂ᵀ.

    Shapes: x₁ (..., in1), x₂ (..., in2), W (out, in1, in2), b (out), y (..., out).
    """

    op_name = "bilinear"
    node_name = "TrilinearBackward0"
    saves = (0, 1, 2)

    def forward(self, first: Any, second: Any, weight: Any, bias: Any = None) -> Any:
        self.saved = first, second, weight
        rows1 = first.reshape(-1, first.shape[-1])
        rows2 = second.reshape(-1, second.shape[-1])
        outputs, in1, in2 = weight.shape
        # (rows, out, in1): W_o x₂ for every row and output.
        mapped = np.dot(rows2, weight.reshape(-1, in2).T).reshape(-1, outputs, in1)
        result = np.matmul(mapped, rows1[:, :, None])[:, :, 0]
        if bias is not None:
            result = result + bias
        return result.reshape(*first.shape[:-1], outputs)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        first, second, weight = self.saved
        outputs, in1, in2 = weight.shape
        rows1, rows2 = first.reshape(-1, in1), second.reshape(-1, in2)
        grad_rows = grad.reshape(-1, outputs)
        # (rows, in1, in2): Σ_o grad_o W_o for every row.
        mixed = np.dot(grad_rows, weight.reshape(outputs, -1)).reshape(-1, in1, in2)
        grad_first = np.matmul(mixed, rows2[:, :, None])[:, :, 0].reshape(first.shape)
        grad_second = np.matmul(rows1[:, None, :], mixed)[:, 0].reshape(second.shape)
        pairs = (rows1[:, :, None] * rows2[:, None, :]).reshape(-1, in1 * in2)
        grad_weight = np.dot(grad_rows.T, pairs).reshape(weight.shape)
        grads = (grad_first, grad_second, grad_weight)
        return grads if len(self.edges) == 3 else (*grads, np.add.reduce(grad_rows, axis=0))

    def backward_tensors(self, grad: Any) -> Any:
        first, second, weight = self.input(0), self.input(1), self.input(2)
        outputs, in1, in2 = weight.shape
        rows1, rows2 = first.reshape(-1, in1), second.reshape(-1, in2)
        grad_rows = grad.reshape(-1, outputs)
        mixed = grad_rows.mm(weight.reshape(outputs, -1)).reshape(-1, in1, in2)
        grad_first = mixed.matmul(rows2.unsqueeze(2)).squeeze(2).reshape(first.shape)
        grad_second = rows1.unsqueeze(1).matmul(mixed).squeeze(1).reshape(second.shape)
        pairs = (rows1.unsqueeze(2) * rows2.unsqueeze(1)).reshape(-1, in1 * in2)
        grad_weight = grad_rows.t().mm(pairs).reshape(weight.shape)
        grads = (grad_first, grad_second, grad_weight)
        return grads if len(self.edges) == 3 else (*grads, grad_rows.sum(0))
