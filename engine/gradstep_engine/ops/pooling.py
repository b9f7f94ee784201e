"""Pooling over windows of an image.

Both kinds look at the k·k shifted, strided views of the input, one per place in the window, so
that every pass runs over whole rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op

Pair = tuple[int, int]


class Windows:
    """The sizes of one pooling and its shifted views."""

    def __init__(
        self,
        shape: tuple[int, ...],
        kernel: Pair,
        stride: Pair,
        padding: Pair,
        dilation: Pair = (1, 1),
        ceil_mode: bool = False,
    ) -> None:
        self.kernel, self.stride, self.padding, self.dilation = kernel, stride, padding, dilation
        self.size: Pair = (shape[-2], shape[-1])
        self.out: Pair = (self._out(0, ceil_mode), self._out(1, ceil_mode))
        # How far the last window reaches: more than the padding in ceil mode.
        self.reach = [
            max(
                self.size[axis] + 2 * padding[axis],
                (self.out[axis] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1,
            )
            for axis in (0, 1)
        ]
        self.padded = self.reach != list(self.size)

    def _out(self, axis: int, ceil_mode: bool) -> int:
        size, stride, padding = self.size[axis], self.stride[axis], self.padding[axis]
        free = size + 2 * padding - self.dilation[axis] * (self.kernel[axis] - 1) - 1
        out = (free + (stride - 1 if ceil_mode else 0)) // stride + 1
        if ceil_mode and (out - 1) * stride >= size + padding:
            out -= 1  # the last window must begin inside the input or its left padding
        return out

    def pad(self, x: Any, value: float) -> Any:
        """Return `x` in an array as large as the windows reach, filled with `value`."""
        if not self.padded:
            return x
        larger = np.full((*x.shape[:-2], *self.reach), value, dtype=x.dtype)
        self.inner(larger)[...] = x
        return larger

    def inner(self, padded: Any) -> Any:
        """Return the part of a padded array that is the input itself."""
        if not self.padded:
            return padded
        (top, left), (height, width) = self.padding, self.size
        return padded[..., top : top + height, left : left + width]

    def views(self, padded: Any) -> Iterator[Any]:
        """Yield for each place in the window the view that all windows see there."""
        (out_h, out_w), (stride_h, stride_w) = self.out, self.stride
        for i in range(0, self.kernel[0] * self.dilation[0], self.dilation[0]):
            for j in range(0, self.kernel[1] * self.dilation[1], self.dilation[1]):
                yield padded[
                    ...,
                    i : i + (out_h - 1) * stride_h + 1 : stride_h,
                    j : j + (out_w - 1) * stride_w + 1 : stride_w,
                ]

    @property
    def overlap(self) -> bool:
        """Whether an element can lie in several windows."""
        return (
            any(self.stride[axis] < self.kernel[axis] for axis in (0, 1)) or max(self.dilation) > 1
        )


class MaxPool2d(Op):
    """The largest element of each window.  ∂/∂x = grad at the first largest element, else 0."""

    op_name = "max_pool2d"
    node_name = "MaxPool2DWithIndicesBackward0"
    saves = (0,)
    fresh = True

    def forward(
        self,
        x: Any,
        kernel_size: Pair,
        stride: Pair,
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
        ceil_mode: bool = False,
    ) -> Any:
        windows = Windows(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
        self.windows = windows
        x = windows.pad(x, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
        first, *others = windows.views(x)
        result = np.maximum(first, others[0]) if others else first.copy()
        for view in others[1:]:
            np.maximum(result, view, out=result)
        if self.edges:
            # A copy of the result, which may be written over before backward.
            self.saved = x, result.copy()
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        x, largest = self.saved
        windows = self.windows
        padded = np.zeros(x.shape, dtype=grad.dtype)
        exact = math.isfinite(np.add.reduce(grad, axis=None))
        places = zip(windows.views(padded), _first_hits(windows, x, largest), strict=True)
        for view, hit in places:
            # A product with the mask is fastest, but would make NaN of an infinity outside it.
            share = grad * hit if exact else np.where(hit, grad, grad.dtype.type(0))
            if windows.overlap:
                view += share
            else:
                view[...] = share
        return windows.inner(padded)

    def indices(self, x: Any, largest: Any) -> Any:
        """Return for each result the flat place in its input plane, as PyTorch counts them."""
        windows = self.windows
        padded = windows.pad(x, -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min)
        result = np.empty(largest.shape, dtype=np.int64)
        rows, columns = (
            np.arange(windows.out[axis]) * windows.stride[axis] - windows.padding[axis]
            for axis in (0, 1)
        )
        for number, hit in enumerate(_first_hits(windows, padded, largest)):
            i, j = divmod(number, windows.kernel[1])
            row = rows[:, None] + i * windows.dilation[0]
            place = row * windows.size[1] + columns + j * windows.dilation[1]
            np.copyto(result, place, where=hit)
        return result


def _first_hits(windows: Windows, padded: Any, largest: Any) -> Iterator[Any]:
    """Yield for each place in the window where the first largest element of a window lies there.

    Of a window without any such element (it holds NaN) the last place is taken.
    """
    views = list(windows.views(padded))
    left: Any = None
    for view in views[:-1]:
        hit = view == largest
        if left is None:
            left = ~hit
        else:
            hit &= left
            left ^= hit
        yield hit
    yield np.ones(largest.shape, dtype=bool) if left is None else left


class AvgPool2d(Op):
    """The mean of each window.  ∂/∂x = grad / count, summed over the windows of an element."""

    op_name = "avg_pool2d"
    node_name = "AvgPool2DBackward0"

    def forward(
        self,
        x: Any,
        kernel_size: Pair,
        stride: Pair,
        padding: Pair = (0, 0),
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        windows = Windows(x.shape, kernel_size, stride, padding, ceil_mode=ceil_mode)
        views = windows.views(windows.pad(x, 0))
        total = next(views).copy()
        for view in views:
            total += view
        self.windows = windows
        self.shape = x.shape
        self.count = divisor_override or self._count(count_include_pad).astype(x.dtype)
        total /= self.count
        return total

    def backward(self, grad: Any) -> Any:
        share = grad / self.count
        padded = np.zeros((*self.shape[:-2], *self.windows.reach), dtype=grad.dtype)
        for view in self.windows.views(padded):
            view += share
        return self.windows.inner(padded)

    def _count(self, include_pad: bool) -> Any:
        """Return how many elements each window averages, (OH, OW)."""
        windows = self.windows
        counts = []
        for axis in (0, 1):
            size, padding = windows.size[axis], windows.padding[axis]
            start = np.arange(windows.out[axis]) * windows.stride[axis] - padding
            stop = np.minimum(start + windows.kernel[axis], size + padding)
            if not include_pad:
                start, stop = np.maximum(start, 0), np.minimum(stop, size)
            counts.append(stop - start)
        return counts[0][:, None] * counts[1]


class AdaptiveAvgPool2d(Op):
    """The mean of each of `output_size` nearly equal windows: ⌊i H / OH⌋ to ⌈(i+1) H / OH⌉.

    ∂/∂x = grad / count, summed over the windows of an element.
    """

    op_name = "adaptive_avg_pool2d"
    node_name = "AdaptiveAvgPool2DBackward0"

    def forward(self, x: Any, output_size: Pair) -> Any:
        # Averaging is linear and separable: one small matrix for each axis.
        self.rows = _averages(x.shape[-2], output_size[0], x.dtype)
        self.columns = _averages(x.shape[-1], output_size[1], x.dtype)
        return np.matmul(np.matmul(self.rows, x), self.columns.T)

    def backward(self, grad: Any) -> Any:
        return np.matmul(np.matmul(self.rows.T, grad), self.columns)


def _averages(size: int, out: int, dtype: Any) -> Any:
    """Return the (out, size) matrix whose rows average nearly equal windows of `size`."""
    matrix = np.zeros((out, size), dtype=dtype)
    for i in range(out):
        start, stop = i * size // out, -(-(i + 1) * size // out)
        matrix[i, start:stop] = 1 / (stop - start)
    return matrix
