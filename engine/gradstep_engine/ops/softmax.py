"""Softmax along one dimension, and its logarithm."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op

_SMALL = 8.0  # scores below this need not be shifted: their exponentials are far from overflow


@lru_cache(maxsize=32)
def _ones(count: int, dtype: Any) -> Any:
    return np.ones(count, dtype=dtype)


def _sums(x: Any, dim: int) -> Any:
    """Return the sums along `dim`, which stays; of short rows a product with ones is fastest."""
    if dim in (-1, x.ndim - 1) and x.ndim > 1 and x.itemsize >= 4 and x.flags.c_contiguous:
        size = x.shape[-1]
        if size:
            sums = np.dot(x.reshape(-1, size), _ones(size, x.dtype))
            return sums.reshape(*x.shape[:-1], 1)
    return np.add.reduce(x, axis=dim, keepdims=True)


def _shifted(x: Any, dim: int) -> Any:
    """Return x less its largest along `dim`, or x itself where no exponential can overflow.

    The extremes of all elements are found many times faster than those of each row.
    """
    if (
        x.size
        and x.itemsize >= 4
        and np.maximum.reduce(x, axis=None) < _SMALL
        and (np.minimum.reduce(x, axis=None) > -_SMALL)
    ):
        return x
    return x - np.maximum.reduce(x, axis=dim, keepdims=True)


class Softmax(Op):
    """y_i = e^(x_i) / Σ_j e^(x_j) along `dim`.  ∂/∂x = y · (grad − Σ grad · y)."""

    op_name = "softmax"
    node_name = "SoftmaxBackward0"
    saves_output = True
    fresh = True

    def forward(self, x: Any, dim: int) -> Any:
        self.dim = dim
        if x.ndim == 0:
            result = np.ones_like(x)
        else:
            shifted = _shifted(x, dim)
            result = np.exp(shifted) if shifted is x else np.exp(shifted, out=shifted)
            result /= _sums(result, dim)
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        if y.ndim == 0:
            return grad * 0
        result = grad * y
        result -= y * _sums(result, self.dim)
        return result

    def backward_tensors(self, grad: Any) -> Any:
        y = self.output()
        weighted = grad * y
        return weighted - y * weighted.sum(self.dim, keepdim=True)


class LogSoftmax(Op):
    """y_i = x_i − log Σ_j e^(x_j) along `dim`.  ∂/∂x = grad − e^y Σ grad."""

    op_name = "log_softmax"
    node_name = "LogSoftmaxBackward0"
    saves_output = True
    fresh = True

    def forward(self, x: Any, dim: int) -> Any:
        self.dim = dim
        if x.ndim == 0:
            result = x - x
        else:
            shifted = _shifted(x, dim)
            result = shifted - np.log(_sums(np.exp(shifted), dim))
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        if y.ndim == 0:
            return grad * 0
        result = np.exp(y)
        result *= _sums(grad, self.dim)
        return np.subtract(grad, result, out=result)

    def backward_tensors(self, grad: Any) -> Any:
        return grad - self.output().exp() * grad.sum(self.dim, keepdim=True)
