"""Normalisation by mean and variance: over a batch, the last dimensions, or groups of channels.

All share one derivative. With x̂ = (x − μ) / √(σ² + ε) over n elements and s what arrives at x̂:
∂/∂x = (s − mean(s) − x̂ mean(s x̂)) / √(σ² + ε).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap


@lru_cache(maxsize=32)
def _ones(count: int, dtype: Any) -> Any:
    return np.ones(count, dtype=dtype)


def _standardised(rows: Any, eps: float) -> tuple[Any, Any]:
    """Return x̂ of each row of (R, n), and 1 / √(σ² + ε) as (R, 1)."""
    count = rows.shape[1]
    scale = rows.dtype.type(1 / max(count, 1))
    centred = rows - np.add.reduce(rows, axis=1, keepdims=True) * scale
    inverse = _inverse_root(np.vecdot(centred, centred)[:, None] * scale, eps)
    centred *= inverse
    return centred, inverse


def _inverse_root(variance: Any, eps: float) -> Any:
    variance += variance.dtype.type(eps)
    np.sqrt(variance, out=variance)
    return np.reciprocal(variance, out=variance)


def _through_standardising(arrived: Any, normalized: Any, inverse: Any) -> Any:
    """Return the module's ∂/∂x for rows; what `arrived` at x̂ is left as it is."""
    scale = arrived.dtype.type(1 / max(arrived.shape[1], 1))
    result = normalized * (np.vecdot(arrived, normalized)[:, None] * -scale)
    result += arrived
    result -= np.add.reduce(arrived, axis=1, keepdims=True) * scale
    result *= inverse
    return result


def _standardised_tensors(x: Any, dims: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """Do what `_standardised` does in operations on tensors, over `dims`."""
    centred = x - x.mean(dims, keepdim=True)
    inverse = ((centred * centred).mean(dims, keepdim=True) + eps).rsqrt()
    return centred * inverse, inverse


def _through_tensors(arrived: Any, normalized: Any, inverse: Any, dims: tuple[int, ...]) -> Any:
    """Do what `_through_standardising` does in operations on tensors."""
    product = (arrived * normalized).mean(dims, keepdim=True)
    return (arrived - arrived.mean(dims, keepdim=True) - normalized * product) * inverse


def _summed(x: Any, dims: tuple[int, ...]) -> Any:
    """Return a tensor summed over `dims`; no dimensions mean none here, all of them in torch."""
    return x.sum(dims) if dims else x


def _per_channel(planes: Any) -> Any:
    """Return the sums of (N, C, L) over N and L."""
    if planes.shape[2] == 1:
        return np.dot(_ones(len(planes), planes.dtype), planes[:, :, 0])
    return np.add.reduce(np.add.reduce(planes, axis=2), axis=0)


def _product_per_channel(a: Any, b: Any) -> Any:
    """Return the sums of a · b over N and L, without holding the products where L is long."""
    if a.shape[2] == 1:
        return np.dot(_ones(len(a), a.dtype), a[:, :, 0] * b[:, :, 0])
    return np.add.reduce(np.vecdot(a, b), axis=0)


class LayerNorm(Op):
    """y = x̂ w + b with x̂ = (x − μ) / √(σ² + ε) over the last `axes` dimensions (Ba et al., 2016).

    With s = grad w: ∂/∂x as the module says, ∂/∂w = Σ grad x̂, ∂/∂b = Σ grad.
    """

    op_name = "layer_norm"
    node_name = "NativeLayerNormBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(
        self, x: Any, weight: Any = None, bias: Any = None, axes: int = 1, eps: float = 1e-5
    ) -> Any:
        self.axes, self.eps = axes, eps
        inner = x.shape[x.ndim - axes :]
        rows = x.reshape(-1, weight.size if weight is not None else int(np.prod(inner)))
        normalized, inverse = _standardised(rows, eps)
        self.saved = x, weight, normalized, inverse
        if weight is None:
            self.saves = (0,)
            result = normalized.copy() if bias is None else normalized
        else:
            result = normalized * weight.reshape(-1)
        if bias is not None:
            result = np.add(result, bias.reshape(-1), out=None if weight is None else result)
        return result.reshape(x.shape)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight, normalized, inverse = self.saved
        rows = grad.reshape(normalized.shape)
        inner = x.shape[x.ndim - self.axes :]
        grad_x = grad_weight = grad_bias = None
        if self.edges[0] is not None:
            arrived = rows if weight is None else rows * weight.reshape(-1)
            grad_x = _through_standardising(arrived, normalized, inverse).reshape(x.shape)
        if len(self.edges) == 1:
            return (grad_x,)
        ones = _ones(len(rows), grad.dtype)
        if self.edges[1] is not None:
            grad_weight = np.dot(ones, rows * normalized).reshape(inner)
        if len(self.edges) == 2:
            return grad_x, grad_weight
        if self.edges[2] is not None:
            grad_bias = np.dot(ones, rows).reshape(inner)
        return grad_x, grad_weight, grad_bias

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        x = self.input(0)
        last = tuple(range(-self.axes, 0))
        leading = tuple(range(x.dim() - self.axes))
        normalized, inverse = _standardised_tensors(x, last, self.eps)
        arrived = grad if self.saved[1] is None else grad * self.input(1)
        grad_x = grad_weight = grad_bias = None
        if self.needs(0):
            grad_x = _through_tensors(arrived, normalized, inverse, last)
        if len(self.edges) > 1 and self.needs(1):
            grad_weight = _summed(grad * normalized, leading)
        if len(self.edges) > 2 and self.needs(2):
            grad_bias = _summed(grad, leading)
        return (grad_x, grad_weight, grad_bias)[: len(self.edges)]


class RMSNorm(Op):
    """y = x̂ w with x̂ = x / √(mean(x²) + ε) over the last `axes` dimensions (Zhang, Sennrich, 2019).

    With s = grad w: ∂/∂x = (s − x̂ mean(s x̂)) / √(mean(x²) + ε), ∂/∂w = Σ grad x̂.
    """

    op_name = "rms_norm"
    node_name = "MulBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(self, x: Any, weight: Any = None, axes: int = 1, eps: float = 1e-5) -> Any:
        self.axes, self.eps = axes, eps
        rows = x.reshape(-1, int(np.prod(x.shape[x.ndim - axes :])))
        scale = rows.dtype.type(1 / max(rows.shape[1], 1))
        inverse = _inverse_root(np.vecdot(rows, rows)[:, None] * scale, eps)
        normalized = rows * inverse
        self.saved = x, weight, normalized, inverse
        if weight is None:
            self.saves = (0,)
            return normalized.reshape(x.shape).copy()
        return (normalized * weight.reshape(-1)).reshape(x.shape)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight, normalized, inverse = self.saved
        rows = grad.reshape(normalized.shape)
        grad_x = None
        if self.edges[0] is not None:
            arrived = rows if weight is None else rows * weight.reshape(-1)
            mean = np.vecdot(arrived, normalized)[:, None]
            mean *= -grad.dtype.type(1 / max(rows.shape[1], 1))
            grad_x = normalized * mean
            grad_x += arrived
            grad_x *= inverse
            grad_x = grad_x.reshape(x.shape)
        if weight is None:
            return (grad_x,)
        if self.edges[1] is None:
            return grad_x, None
        ones = _ones(len(rows), grad.dtype)
        return grad_x, np.dot(ones, rows * normalized).reshape(weight.shape)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        x = self.input(0)
        last = tuple(range(-self.axes, 0))
        inverse = ((x * x).mean(last, keepdim=True) + self.eps).rsqrt()
        normalized = x * inverse
        weighted = self.saved[1] is not None
        grad_x = None
        if self.needs(0):
            arrived = grad * self.input(1) if weighted else grad
            mean = (arrived * normalized).mean(last, keepdim=True)
            grad_x = (arrived - normalized * mean) * inverse
        if not weighted:
            return (grad_x,)
        leading = tuple(range(x.dim() - self.axes))
        return grad_x, _summed(grad * normalized, leading) if self.needs(1) else None


class GroupNorm(Op):
    """y = x̂ w + b with x̂ of each sample's groups of channels, w and b per channel.

    With s = grad w: ∂/∂x as the module says, ∂/∂w = Σ grad x̂, ∂/∂b = Σ grad per channel.
    Shapes: x (N, C, ...), w and b (C). Source: Wu and He, 2018.
    """

    op_name = "group_norm"
    node_name = "NativeGroupNormBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(
        self, x: Any, weight: Any = None, bias: Any = None, groups: int = 1, eps: float = 1e-5
    ) -> Any:
        self.groups, self.eps = groups, eps
        samples, channels = x.shape[:2]
        size = x.size // (samples * groups) if x.size else 0
        normalized, inverse = _standardised(x.reshape(samples * groups, size), eps)
        self.saved = x, weight, normalized, inverse
        if weight is None:
            self.saves = (0,)
        result = normalized.reshape(samples, channels, -1) if x.size else normalized
        if weight is not None:
            result = result * weight[:, None]
        if bias is not None:
            result = np.add(result, bias[:, None], out=None if weight is None else result)
        if weight is None and bias is None:
            result = result.copy()
        return result.reshape(x.shape)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight, normalized, inverse = self.saved
        planes = grad.reshape(*x.shape[:2], -1)
        grad_x = grad_weight = grad_bias = None
        if self.edges[0] is not None:
            arrived = planes if weight is None else planes * weight[:, None]
            arrived = arrived.reshape(normalized.shape)
            grad_x = _through_standardising(arrived, normalized, inverse).reshape(x.shape)
        if self.needs_weight():
            grad_weight = _product_per_channel(planes, normalized.reshape(planes.shape))
        if len(self.edges) > 2 and self.edges[2] is not None:
            grad_bias = _per_channel(planes)
        return (grad_x, grad_weight, grad_bias)[: len(self.edges)]

    def needs_weight(self) -> bool:
        """Return whether there is a weight that wants a gradient."""
        return len(self.edges) > 1 and self.edges[1] is not None

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        x = self.input(0)
        samples, channels = x.shape[:2]
        rows = x.reshape(samples, self.groups, -1)
        normalized, inverse = _standardised_tensors(rows, (2,), self.eps)
        planes = grad.reshape(samples, channels, -1)
        arrived = planes if self.saved[1] is None else planes * self.input(1).unsqueeze(1)
        grad_x = grad_weight = grad_bias = None
        if self.needs(0):
            through = _through_tensors(arrived.reshape(rows.shape), normalized, inverse, (2,))
            grad_x = through.reshape(x.shape)
        if self.needs_weight():
            grad_weight = (planes * normalized.reshape(planes.shape)).sum((0, 2))
        if len(self.edges) > 2 and self.needs(2):
            grad_bias = planes.sum((0, 2))
        return (grad_x, grad_weight, grad_bias)[: len(self.edges)]


class InstanceNorm(GroupNorm):
    """GroupNorm with every channel its own group (Ulyanov et al., 2016)."""

    op_name = "instance_norm"
    node_name = "ViewBackward0"


class BatchNorm(Op):
    """y = x̂ w + b with x̂ = (x − μ) / √(σ² + ε), per channel (Ioffe and Szegedy, 2015).

    In training μ, σ² are the batch's (biased): ∂/∂x = w / √(σ² + ε) · (grad − mean(grad) −
    x̂ mean(grad x̂)); else they are constants: ∂/∂x = w grad / √(σ² + ε).
    ∂/∂w = Σ grad x̂, ∂/∂b = Σ grad.

    Shapes: x (N, C, ...), w, b, μ and σ² (C).
    """

    op_name = "batch_norm"
    node_name = "NativeBatchNormBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(
        self, x: Any, weight: Any, bias: Any, mean: Any, variance: Any, training: bool, eps: float
    ) -> Any:
        self.training, self.eps = training, eps
        planes = x.reshape(*x.shape[:2], -1)
        centred = planes - mean.astype(x.dtype, copy=False)[:, None]
        inverse = (1 / np.sqrt(variance + variance.dtype.type(eps))).astype(x.dtype, copy=False)
        # What the statistics were is kept only where they are constants.
        self.saved = x, weight, centred, inverse, None if training else mean
        if weight is None:
            self.saves = (0,)
        result = centred * (inverse if weight is None else inverse * weight)[:, None]
        if bias is not None:
            result += bias[:, None]
        return result.reshape(x.shape)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight, centred, inverse, _ = self.saved
        planes = grad.reshape(centred.shape)
        grad_x = grad_weight = grad_bias = None
        if self.training or self.needs(1) or self.needs(2):
            grad_bias = _per_channel(planes)
            grad_weight = _product_per_channel(planes, centred) * inverse
        if self.needs(0):
            scale = inverse if weight is None else inverse * weight
            grad_x = planes * scale[:, None]
            if self.training:
                count = grad.dtype.type(planes.size // planes.shape[1])
                grad_x -= centred * (scale * grad_weight * inverse / count)[:, None]
                grad_x -= (scale * grad_bias / count)[:, None]
            grad_x = grad_x.reshape(x.shape)
        return (
            grad_x,
            grad_weight if self.needs(1) else None,
            grad_bias if self.needs(2) else None,
            None,
            None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        _, weight, _, inverse_array, mean = self.saved
        x = self.input(0)
        planes = x.reshape(*x.shape[:2], -1)
        arrived = grads = grad.reshape(planes.shape)
        if weight is not None:
            arrived = grads * self.input(1).unsqueeze(1)
        if self.training:
            normalized, inverse = _standardised_tensors(planes, (0, 2), self.eps)
            through = _through_tensors(arrived, normalized, inverse, (0, 2))
        else:
            inverse = wrap(inverse_array[:, None])
            normalized = (planes - wrap(mean.astype(inverse_array.dtype)[:, None])) * inverse
            through = arrived * inverse
        return (
            through.reshape(x.shape) if self.needs(0) else None,
            (grads * normalized).sum((0, 2)) if self.needs(1) else None,
            grads.sum((0, 2)) if self.needs(2) else None,
            None,
            None,
        )


def batch_statistics(x: Any) -> tuple[Any, Any]:
    """Return mean and biased variance of each channel of x (N, C, ...)."""
    planes = x.reshape(*x.shape[:2], -1)
    count = x.dtype.type(planes.size // planes.shape[1])
    mean = _per_channel(planes) / count
    centred = planes - mean[:, None]
    return mean, _product_per_channel(centred, centred) / count
