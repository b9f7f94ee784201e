"""Dropout: a random mask, scaled so that the expected value stays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.draws import whole
from gradstep_engine.draws.continuous import in_order_of_memory
from gradstep_engine.randomness import source

_LIMIT = 1.7580993408473766  # −1 times what SELU tends to on the left


class Dropout(Op):
    """x · mask; mask is 0 with probability p, else 1 / (1 − p).  ∂/∂x = grad · mask."""

    op_name = "dropout"
    node_name = "MulBackward0"
    fresh = True

    def forward(
        self, x: Any, p: float = 0.5, channels: bool = False, shown_as: str | None = None
    ) -> Any:
        if shown_as is not None:
            self.shown_as = shown_as
        mask = np.zeros(x.shape, x.dtype) if p == 1 else kept(x, p, channels)
        if p != 1:
            mask = mask * x.dtype.type(1 / (1 - p))
        self.saved = (mask,)
        return x * mask

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad * self.saved[0]

    def backward_tensors(self, *grads: Any) -> Any:
        assert self.saved is not None
        return grads[0] * wrap(self.saved[0])


class AlphaDropout(Op):
    """Elements become SELU's limit −α by chance; a·x·kept + b keeps mean and variance.

    a = 1 / √((1 − p)(1 + p α²)), b = a α p − a α (1 − kept)  (Klambauer et al., 2017).
    ∂/∂x = grad · a · kept.
    """

    op_name = "alpha_dropout"
    node_name = "AddBackward0"
    fresh = True

    def forward(
        self, x: Any, p: float = 0.5, channels: bool = False, shown_as: str | None = None
    ) -> Any:
        if shown_as is not None:
            self.shown_as = shown_as
        noise = kept(x, p, channels).astype(x.dtype)
        a = 1 / math.sqrt((_LIMIT * _LIMIT * p + 1) * (1 - p))
        shift = (noise - 1) * x.dtype.type(_LIMIT * a) + x.dtype.type(_LIMIT * a * p)
        mask = noise * x.dtype.type(a)
        self.saved = (mask,)
        return x * mask + shift

    backward = Dropout.backward
    backward_tensors = Dropout.backward_tensors


def kept(x: Any, p: float, channels: bool) -> Any:
    """Return where elements stay, each by its own chance or one chance for a whole channel."""
    stream = source(None)
    if channels:
        shape = (*x.shape[:2], *(1,) * (x.ndim - 2))
        return whole.coin(stream, math.prod(shape), 1 - p).reshape(shape)
    array = np.asarray(x)
    return in_order_of_memory(array, whole.coin(stream, array.size, 1 - p))
