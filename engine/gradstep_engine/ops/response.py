"""Local response normalisation across neighbouring channels."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap


@lru_cache(maxsize=32)
def _band(channels: int, size: int, dtype: Any) -> Any:
    """Return the (C, C) matrix of ones where a channel is in another's window."""
    distance = np.arange(channels)[None, :] - np.arange(channels)[:, None]
    return ((distance >= -(size // 2)) & (distance <= (size - 1) // 2)).astype(dtype)


class LocalResponseNorm(Op):
    """y = x D^−β with D = k + α/n · Σ x² over the n channels around (Krizhevsky et al., 2012).

    With W the matrix of windows, so that D = k + α/n · W x²:
    ∂/∂x = grad D^−β − 2 αβ/n · x · Wᵀ (grad x D^(−β−1)).  Shape: (N, C, ...).
    """

    op_name = "local_response_norm"
    node_name = "DivBackward0"
    saves = (0,)
    fresh = True

    def forward(self, x: Any, *, size: int, alpha: float, beta: float, k: float) -> Any:
        self.constants = size, alpha, beta, k
        planes = x.reshape(*x.shape[:2], -1) if x.size else x
        divisor = self._divisor(planes, _band(x.shape[1], size, x.dtype)) if x.size else planes
        self.saved = x, divisor
        return (planes * divisor**-beta).reshape(x.shape)

    def _divisor(self, planes: Any, window: Any) -> Any:
        size, alpha, _, k = self.constants
        return window @ (planes * planes) * (alpha / size) + k

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, divisor = self.saved
        planes = x.reshape(divisor.shape)
        window = _band(x.shape[1], self.constants[0], x.dtype)
        return (self._derivative(grad.reshape(divisor.shape), planes, divisor, window),)

    def _derivative(self, grad: Any, planes: Any, divisor: Any, window: Any) -> Any:
        size, alpha, beta, _ = self.constants
        spread = window.T @ (grad * planes * divisor ** (-beta - 1))
        result = grad * divisor**-beta - planes * spread * (2 * alpha * beta / size)
        return result.reshape(self._shape())

    def _shape(self) -> Any:
        assert self.saved is not None
        return self.saved[0].shape

    def backward_tensors(self, grad: Any) -> Any:
        x = self.input(0)
        planes = x.reshape(*x.shape[:2], -1)
        window = wrap(_band(x.shape[1], self.constants[0], x._array.dtype))
        divisor = self._divisor(planes, window)
        return (self._derivative(grad.reshape(planes.shape), planes, divisor, window),)
