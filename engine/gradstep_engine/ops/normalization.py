"""Normalisation by mean and variance: over a batch, the last dimensions, or groups of channels.

The derivative that all share stands in `standardising`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.scratch import scratch
from gradstep_engine.ops.standardising import (
    as_block,
    as_planes,
    as_rows,
    blocks,
    inverse_root,
    ones_of,
    per_channel,
    product_per_channel,
    product_per_plane,
    standardise,
    standardised_tensors,
    summed,
    through_tensors,
)


class LayerNorm(Op):
    """y = x̂ w + b with x̂ = (x − μ) / √(σ² + ε) over the last `axes` dimensions (Ba et al., 2016).

    With s = grad w: ∂/∂x as in `standardising`, ∂/∂w = Σ grad x̂, ∂/∂b = Σ grad.
    """

    op_name = "layer_norm"
    node_name = "NativeLayerNormBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(
        self, x: Any, weight: Any = None, bias: Any = None, axes: int = 1, eps: float = 1e-5
    ) -> Any:
        self.axes, self.eps = axes, eps
        rows = as_rows(x, axes)
        result = scratch(rows.shape, x.dtype)
        mean, inverse = (np.empty((len(rows), 1), x.dtype) for _ in range(2))
        parts = blocks(rows)
        scales, shifts = as_block(weight, rows, parts), as_block(bias, rows, parts)
        for part in parts:
            done = result[part]
            standardise(rows[part], eps, done, mean[part], inverse[part])
            done *= inverse[part]
            if scales is not None:
                done *= scales[: len(done)]
            if shifts is not None:
                done += shifts[: len(done)]
        self.saved = x, weight, mean, inverse
        if weight is None:
            self.saves = (0,)
        return result.reshape(x.shape)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight, mean, inverse = self.saved
        rows = as_rows(x, self.axes)
        grads = grad.reshape(rows.shape)
        wanted = [edge is not None for edge in self.edges]
        wanted += [False] * (3 - len(wanted))
        factors = ones_of(rows.shape[1], x.dtype) if weight is None else weight.reshape(-1)
        share = x.dtype.type(-1 / max(rows.shape[1], 1))
        result = scratch(rows.shape, x.dtype)
        grad_weight, grad_bias = (np.zeros(rows.shape[1], x.dtype) for _ in range(2))
        parts = blocks(rows)
        scales = as_block(weight, rows, parts)
        for part in parts:
            # With c = x − μ and r = 1 / √(σ² + ε), so that x̂ = c r.
            some, c, r = grads[part], result[part], inverse[part]
            np.subtract(rows[part], mean[part], out=c)
            product = some * c
            if wanted[1]:
                grad_weight += np.dot(r[:, 0], product)
            if wanted[2]:
                grad_bias += np.dot(ones_of(len(some), x.dtype), some)
            if wanted[0]:
                c *= np.dot(product, factors)[:, None] * (r * r * r * share)
                c += np.dot(some, factors)[:, None] * (r * share)
                passed = some if scales is None else np.multiply(some, scales[: len(c)], product)
                c += np.multiply(passed, r, out=product)
        inner = x.shape[x.ndim - self.axes :]
        grads = (
            result.reshape(x.shape) if wanted[0] else None,
            grad_weight.reshape(inner) if wanted[1] else None,
            grad_bias.reshape(inner) if wanted[2] else None,
        )
        return grads[: len(self.edges)]

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        x = self.input(0)
        last = tuple(range(-self.axes, 0))
        leading = tuple(range(x.dim() - self.axes))
        normalized, inverse = standardised_tensors(x, last, self.eps)
        arrived = grad if self.saved[1] is None else grad * self.input(1)
        grad_x = grad_weight = grad_bias = None
        if self.needs(0):
            grad_x = through_tensors(arrived, normalized, inverse, last)
        if len(self.edges) > 1 and self.needs(1):
            grad_weight = summed(grad * normalized, leading)
        if len(self.edges) > 2 and self.needs(2):
            grad_bias = summed(grad, leading)
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
        rows = as_rows(x, axes)
        scale = rows.dtype.type(1 / max(rows.shape[1], 1))
        inverse = inverse_root(np.vecdot(rows, rows)[:, None] * scale, eps)
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
        ones = ones_of(len(rows), grad.dtype)
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
        return grad_x, summed(grad * normalized, leading) if self.needs(1) else None


class GroupNorm(Op):
    """y = x̂ w + b with x̂ of each sample's groups of channels, w and b per channel.

    With s = grad w: ∂/∂x as in `standardising`, ∂/∂w = Σ grad x̂, ∂/∂b = Σ grad per channel.
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
        rows = self._rows(x)
        result = scratch(rows.shape, x.dtype)
        mean, inverse = (np.empty((len(rows), 1), x.dtype) for _ in range(2))
        scales, shifts = self._per_plane(weight, x), self._per_plane(bias, x)
        for part in blocks(rows):
            done = result[part]
            standardise(rows[part], eps, done, mean[part], inverse[part])
            planes = self._planes(done, x)
            planes *= (inverse[part] if scales is None else inverse[part] * scales[part])[..., None]
            if shifts is not None:
                planes += shifts[part][..., None]
        self.saved = x, weight, mean, inverse
        if weight is None:
            self.saves = (0,)
        return result.reshape(x.shape)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight, mean, inverse = self.saved
        rows = self._rows(x)
        grads = grad.reshape(rows.shape)
        share = x.dtype.type(-1 / max(rows.shape[1], 1))
        result = scratch(rows.shape, x.dtype)
        scales = self._per_plane(weight, x)
        products, sums = (np.empty((len(rows), x.shape[1] // self.groups), x.dtype) for _ in "ab")
        for part in blocks(rows):
            # With c = x − μ and r = 1 / √(σ² + ε), so that x̂ = c r.
            some, c, r = self._planes(grads[part], x), result[part], inverse[part]
            np.subtract(rows[part], mean[part], out=c)
            product = product_per_plane(some, self._planes(c, x))
            total = np.add.reduce(some, axis=2)
            products[part], sums[part] = product * r, total
            if self.edges[0] is None:
                continue
            factors = r
            if scales is not None:
                factors = r * scales[part]
                product *= scales[part]
                total *= scales[part]
            c *= np.add.reduce(product, axis=1, keepdims=True) * (r * r * r * share)
            c += np.add.reduce(total, axis=1, keepdims=True) * (r * share)
            planes = self._planes(c, x)
            planes += some * factors[..., None]
        wide = x.shape[:2]
        return (
            result.reshape(x.shape) if self.edges[0] is not None else None,
            np.add.reduce(products.reshape(wide), axis=0) if self.needs_weight() else None,
            np.add.reduce(sums.reshape(wide), axis=0),
        )[: len(self.edges)]

    def _rows(self, x: Any) -> Any:
        """Return x with a row for each group of each sample."""
        return x.reshape(len(x) * self.groups, math.prod(x.shape[1:]) // self.groups)

    def _planes(self, rows: Any, x: Any) -> Any:
        """Return rows as (R, channels of a group, L)."""
        return rows.reshape(len(rows), x.shape[1] // self.groups, math.prod(x.shape[2:]))

    def _per_plane(self, per_channel: Any, x: Any) -> Any:
        """Return what is given per channel as (R, channels of a group), None for None."""
        if per_channel is None:
            return None
        planes = np.empty(x.shape[:2], x.dtype)
        planes[...] = per_channel
        return planes.reshape(-1, x.shape[1] // self.groups)

    def needs_weight(self) -> bool:
        """Return whether there is a weight that wants a gradient."""
        return len(self.edges) > 1 and self.edges[1] is not None

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        x = self.input(0)
        samples, channels = x.shape[:2]
        rows = x.reshape(samples, self.groups, -1)
        normalized, inverse = standardised_tensors(rows, (2,), self.eps)
        planes = grad.reshape(samples, channels, -1)
        arrived = planes if self.saved[1] is None else planes * self.input(1).unsqueeze(1)
        grad_x = grad_weight = grad_bias = None
        if self.needs(0):
            through = through_tensors(arrived.reshape(rows.shape), normalized, inverse, (2,))
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
        planes = as_planes(x)
        centred = scratch(planes.shape, x.dtype)
        np.subtract(planes, mean.astype(x.dtype, copy=False)[:, None], out=centred)
        inverse = (1 / np.sqrt(variance + variance.dtype.type(eps))).astype(x.dtype, copy=False)
        # What the statistics were is kept only where they are constants.
        self.saved = x, weight, centred, inverse, None if training else mean
        if weight is None:
            self.saves = (0,)
        scale = inverse if weight is None else inverse * weight
        result = scratch(planes.shape, x.dtype)
        np.multiply(centred, scale[:, None], out=result)
        if bias is not None:
            result += bias[:, None]
        return result.reshape(x.shape)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, weight, centred, inverse, _ = self.saved
        planes = grad.reshape(centred.shape)
        grad_x = grad_weight = grad_bias = None
        if self.training or self.needs(1) or self.needs(2):
            grad_bias = per_channel(planes)
            grad_weight = product_per_channel(planes, centred) * inverse
        if self.needs(0):
            scale = inverse if weight is None else inverse * weight
            grad_x = scratch(planes.shape, grad.dtype)
            np.multiply(planes, scale[:, None], out=grad_x)
            if self.training:
                count = grad.dtype.type(max(planes.size // max(planes.shape[1], 1), 1))
                share = scratch(planes.shape, grad.dtype)
                grad_x -= np.multiply(
                    centred, (scale * grad_weight * inverse / count)[:, None], out=share
                )
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
            normalized, inverse = standardised_tensors(planes, (0, 2), self.eps)
            through = through_tensors(arrived, normalized, inverse, (0, 2))
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
    planes = as_planes(x)
    count = x.dtype.type(max(planes.size // max(planes.shape[1], 1), 1))
    mean = per_channel(planes) / count
    centred = scratch(planes.shape, x.dtype)
    np.subtract(planes, mean[:, None], out=centred)
    return mean, product_per_channel(centred, centred) / count
