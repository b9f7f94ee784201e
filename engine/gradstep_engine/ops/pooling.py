"""Average pooling, and values put back where a maximum was found."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.axis_maps import Separable, Weighed
from gradstep_engine.ops.linear_map import Mapped
from gradstep_engine.ops.max_pooling import Windows, inner, padded


class Sums:
    """Sums over windows, one axis after the other, divided by `count`."""

    def __init__(self, windows: Windows, count: Any) -> None:
        self.windows, self.count = windows, count

    def apply(self, x: Any) -> Any:
        """Return the sum of every window over its count."""
        result = padded(x, self.windows, 0)
        for axis, windows in zip(range(-1, -x.ndim, -1), reversed(self.windows), strict=False):
            first, *others = _views(result, axis, windows)
            total = first.copy() if not others else first + others[0]
            for view in others[1:]:
                total += view
            result = total
        result /= self.count
        return result

    def adjoint(self, grad: Any) -> Any:
        """Add every window's share up at its elements."""
        result = grad / self.count
        for axis, windows in enumerate(self.windows, -len(self.windows)):
            shape = list(result.shape)
            shape[axis] = windows.reach
            larger = np.zeros(shape, grad.dtype)
            for view in _views(larger, axis, windows):
                view += result
            result = larger
        return inner(result, self.windows)


def _views(x: Any, axis: int, windows: Any) -> list[Any]:
    rest = (slice(None),) * (-axis - 1)
    return [x[(..., selector, *rest)] for selector in windows.selectors()]


def node_name(kind: str, axes: int) -> str:
    """Return PyTorch's name of the node: a sequence is pooled as an image of height 1."""
    return "SqueezeBackward1" if axes == 1 else f"{kind}{axes}DBackward0"


class AvgPool(Mapped):
    """The mean of each window.  ∂/∂x = grad / count, summed over the windows of an element."""

    def forward(
        self,
        x: Any,
        *,
        windows: Windows,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        self.shown_as = f"avg_pool{len(windows)}d"
        self.node_name = node_name("AvgPool", len(windows))
        count: Any = divisor_override
        if count is None:
            count = np.ones((), x.dtype)
            for each in windows:
                count = count[..., None] * each.counts(count_include_pad).astype(x.dtype)
        self.map = Sums(windows, count)
        return self.map.apply(x)


class AdaptiveAvgPool(Mapped):
    """The mean of each of nearly equal windows.  ∂/∂x = grad / count, summed over the windows."""

    def forward(self, x: Any, *, windows: Windows) -> Any:
        self.shown_as = f"adaptive_avg_pool{len(windows)}d"
        self.node_name = node_name("AdaptiveAvgPool", len(windows))
        if len(windows) > 1 and all(each.out == 1 for each in windows):
            self.node_name = "MeanBackward1"  # PyTorch takes the mean over the plane
        self.map = Separable([Weighed(each.averages()) for each in windows])
        return self.map.apply(x)


class MaxUnpool(Op):
    """Values at the flat places `indices` of planes, zero elsewhere.  ∂/∂x = grad there."""

    op_name = "max_unpool"
    fresh = True

    def forward(self, x: Any, indices: Any, *, size: tuple[int, ...]) -> Any:
        self.shown_as = f"max_unpool{len(size)}d"
        self.node_name = f"MaxUnpool{max(2, len(size))}DBackward0"
        self.shape: tuple[int, ...] = x.shape
        kept = x.ndim - len(size)
        self.index = indices.reshape(*x.shape[:kept], -1)
        result = np.zeros((*x.shape[:kept], math.prod(size)), x.dtype)
        np.put_along_axis(result, self.index, x.reshape(self.index.shape), -1)
        return result.reshape(*x.shape[:kept], *size)

    def backward(self, grad: Any) -> Any:
        flat = grad.reshape(*self.index.shape[:-1], -1)
        return np.take_along_axis(flat, self.index, -1).reshape(self.shape), None

    def backward_tensors(self, grad: Any) -> Any:
        flat = grad.reshape(*self.index.shape[:-1], -1)
        return flat.gather(self.index.ndim - 1, wrap(self.index)).reshape(self.shape), None
