"""Rows of a table by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op


class Embedding(Op):
    """W[index].  ∂/∂W[i] = Σ grad over the places where index is i; 0 for `padding_idx`.

    Shapes: W (V, D), index (...), result (..., D).
    """

    op_name = "embedding"
    node_name = "EmbeddingBackward0"
    saves = (1,)

    def forward(self, weight: Any, index: Any, padding_idx: int | None = None) -> Any:
        if index.size and (index.min() < 0 or index.max() >= len(weight)):
            raise IndexError("index out of range in self")
        self.saved = (index,)
        self.shape = weight.shape
        self.padding_idx = padding_idx
        return weight[index]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (index,) = self.saved
        result = np.zeros(self.shape, dtype=grad.dtype)
        np.add.at(result, np.reshape(index, -1), grad.reshape(-1, self.shape[1]))
        if self.padding_idx is not None:
            result[self.padding_idx] = 0
        return result, None
