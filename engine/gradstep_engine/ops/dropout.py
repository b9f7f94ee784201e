"""Dropout: a random mask, scaled so that the expected value stays."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.randomness import source


class Dropout(Op):
    """x · mask; mask is 0 with probability p, else 1 / (1 − p).  ∂/∂x = grad · mask."""

    op_name = "dropout"
    node_name = "MulBackward0"

    def forward(self, x: Any, p: float = 0.5) -> Any:
        if p == 1:
            mask = np.zeros(x.shape, dtype=x.dtype)
        else:
            kept = source(None).random(x.shape, dtype=np.float32) >= p
            mask = kept * x.dtype.type(1 / (1 - p))
        self.saved = (mask,)
        return x * mask

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad * self.saved[0]
