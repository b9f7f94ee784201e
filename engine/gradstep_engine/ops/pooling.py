"""Pooling over windows of an image.

Both kinds look at the k·k shifted, strided views of the input, one per place in the window, so
that every pass runs over whole rows.
"""

from __future__ import annotations

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
        views = windows.views(windows.pad(x, -np.inf if x.dtype.kind == "f" else 0))
        result = next(views).copy()
        places = kernel_size[0] * kernel_size[1]
        # Which place of its window each result came from; a byte is enough but for huge windows.
        place = np.zeros(result.shape, dtype=np.uint8 if places < 256 else np.int32)
        larger = np.empty(result.shape, dtype=bool)
        for number, view in enumerate(views, start=1):
            np.greater(view, result, out=larger)
            np.maximum(result, view, out=result)
            np.putmask(place, larger, number)
        self.windows = windows
        self.saved = (place,)
        self.shape = x.shape
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (place,) = self.saved
        windows = self.windows
        padded = np.zeros((*self.shape[:-2], *windows.reach), dtype=grad.dtype)
        for number, view in enumerate(windows.views(padded)):
            chosen = place == number
            if windows.overlap:
                np.add(view, grad, out=view, where=chosen)
            else:
                np.copyto(view, grad, where=chosen)
        return windows.inner(padded)

    def indices(self) -> Any:
        """Return for each result the flat place in its input plane, as PyTorch counts them."""
        assert self.saved is not None
        (place,) = self.saved
        windows = self.windows
        row, column = np.divmod(place.astype(np.int64), windows.kernel[1])
        starts = [
            np.arange(windows.out[axis]) * windows.stride[axis] - windows.padding[axis]
            for axis in (0, 1)
        ]
        row = row * windows.dilation[0] + starts[0][:, None]
        column = column * windows.dilation[1] + starts[1]
        return row * windows.size[1] + column


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
