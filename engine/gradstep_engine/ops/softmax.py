"""Softmax along one dimension, and its logarithm."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op


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
            result = x - np.maximum.reduce(x, axis=dim, keepdims=True)
            np.exp(result, out=result)
            result /= np.add.reduce(result, axis=dim, keepdims=True)
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        if y.ndim == 0:
            return grad * 0
        result = grad * y
        result -= y * np.add.reduce(result, axis=self.dim, keepdims=True)
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
            # The largest is subtracted first, so that no exponential overflows.
            result = x - np.maximum.reduce(x, axis=dim, keepdims=True)
            result -= np.log(np.add.reduce(np.exp(result), axis=dim, keepdims=True))
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (y,) = self.saved
        if y.ndim == 0:
            return grad * 0
        result = np.exp(y)
        result *= np.add.reduce(grad, axis=self.dim, keepdims=True)
        return np.subtract(grad, result, out=result)

    def backward_tensors(self, grad: Any) -> Any:
        return grad - self.output().exp() * grad.sum(self.dim, keepdim=True)
