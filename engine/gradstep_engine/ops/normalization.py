"""Normalisation by mean and variance, over a batch or over the last dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op


class BatchNorm(Op):
    """y = x̂ w + b with x̂ = (x − μ) / √(σ² + ε), per channel (Ioffe and Szegedy, 2015).

    In training μ, σ² are the batch's (biased): ∂/∂x = w / √(σ² + ε) · (grad − mean(grad) −
    x̂ mean(grad x̂)); else they are constants: ∂/∂x = w grad / √(σ² + ε).
    ∂/∂w = Σ grad x̂, ∂/∂b = Σ grad.

    Shapes: x (N, C, ...), w and b (C).
    """

    op_name = "batch_norm"
    node_name = "NativeBatchNormBackward0"
    saves = (0,)

    def forward(
        self,
        x: Any,
        weight: Any = None,
        bias: Any = None,
        mean: Any = None,
        variance: Any = None,
        eps: float = 1e-5,
    ) -> Any:
        axes = (0, *range(2, x.ndim))
        self.shape = (1, -1) + (1,) * (x.ndim - 2)
        self.axes = axes
        self.training = mean is None
        if mean is None:
            mean, variance = batch_statistics(x)
        inverse = (1 / np.sqrt(variance + eps)).astype(x.dtype).reshape(self.shape)
        normalized = (x - mean.reshape(self.shape).astype(x.dtype)) * inverse
        self.saved = normalized, inverse, weight
        result = normalized
        if weight is not None:
            result = result * weight.reshape(self.shape)
        if bias is not None:
            result = result + bias.reshape(self.shape)
        return result if result is not normalized else normalized.copy()

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        normalized, inverse, weight = self.saved
        grad_bias = np.add.reduce(grad, axis=self.axes)
        grad_weight = np.add.reduce(grad * normalized, axis=self.axes)
        scale = inverse if weight is None else inverse * weight.reshape(self.shape)
        if not self.training:
            grad_x = grad * scale
        else:
            count = grad.size // grad_bias.size
            mean_grad = (grad_bias / count).reshape(self.shape).astype(grad.dtype)
            mean_product = (grad_weight / count).reshape(self.shape).astype(grad.dtype)
            grad_x = (grad - mean_grad - normalized * mean_product) * scale
        return (grad_x, grad_weight, grad_bias, None, None)[: len(self.edges)]


def batch_statistics(x: Any) -> tuple[Any, Any]:
    """Return mean and biased variance of each channel of x (N, C, ...)."""
    axes = (0, *range(2, x.ndim))
    count = x.size // x.shape[1]
    mean = np.add.reduce(x, axis=axes) / count
    centered = x - mean.reshape((1, -1) + (1,) * (x.ndim - 2)).astype(x.dtype)
    variance = np.add.reduce(centered * centered, axis=axes) / count
    return mean, variance


class LayerNorm(Op):
    """y = x̂ w + b with x̂ = (x − μ) / √(σ² + ε) over the last `axes` dimensions (Ba et al., 2016).

    With g = grad w: ∂/∂x = (g − mean(g) − x̂ mean(g x̂)) / √(σ² + ε), ∂/∂w = Σ grad x̂,
    ∂/∂b = Σ grad.
    """

    op_name = "layer_norm"
    node_name = "NativeLayerNormBackward0"
    saves = (0,)

    def forward(
        self, x: Any, weight: Any = None, bias: Any = None, axes: int = 1, eps: float = 1e-5
    ) -> Any:
        last = tuple(range(-axes, 0))
        self.last = last
        centered = x - np.mean(x, axis=last, keepdims=True)
        variance = np.mean(centered * centered, axis=last, keepdims=True)
        inverse = 1 / np.sqrt(variance + eps)
        normalized = centered * inverse
        self.saved = normalized, inverse, weight
        result = normalized if weight is None else normalized * weight
        if bias is not None:
            result = result + bias
        return result if result is not normalized else normalized.copy()

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        normalized, inverse, weight = self.saved
        leading = tuple(range(grad.ndim - len(self.last)))
        scaled = grad if weight is None else grad * weight
        mean = np.mean(scaled, axis=self.last, keepdims=True)
        product = np.mean(scaled * normalized, axis=self.last, keepdims=True)
        grad_x = (scaled - mean - normalized * product) * inverse
        grad_weight = np.add.reduce(grad * normalized, axis=leading)
        grad_bias = np.add.reduce(grad, axis=leading)
        return (grad_x, grad_weight, grad_bias)[: len(self.edges)]
