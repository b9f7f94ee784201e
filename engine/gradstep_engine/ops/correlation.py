"""Correlation of arrays over one, two or three axes, and what undoes it.

One axis is an image of height 1. For three, the depth is unfolded into channels: the images of an
output slice are the kd slices it reads.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from gradstep_engine.ops.row_windows import RowWindows

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Steps:
    """How a kernel moves: one number for each axis, and the groups of channels."""

    stride: Sizes
    padding: Sizes
    dilation: Sizes
    groups: int = 1

    def image(self) -> Steps:
        """Return the same for images: an axis more for sequences, one less for volumes."""
        return replace(
            self,
            stride=(1, *self.stride)[-2:],
            padding=(0, *self.padding)[-2:],
            dilation=(1, *self.dilation)[-2:],
        )

    def out(self, size: Sizes, kernel: Sizes) -> Sizes:
        """Return the size of the result."""
        axes = zip(size, kernel, self.stride, self.padding, self.dilation, strict=True)
        return tuple((n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes)


class Correlation:
    """One correlation: the layouts of its operands and what its derivatives need."""

    def __init__(self, x_shape: Sizes, weight_shape: Sizes, steps: Steps) -> None:
        self.x_shape, self.weight_shape, self.steps = x_shape, weight_shape, steps
        self.axes = len(x_shape) - 2
        self.out = steps.out(x_shape[2:], weight_shape[2:])
        self.image_weight = self._image_weight_shape()
        self.rows = RowWindows(
            self._image_shape(),
            self.image_weight,
            *_pairs(steps.image()),
            steps.groups,
        )

    def __repr__(self) -> str:
        return f"Correlation({self.steps})"

    def correlate(self, x: Any, weight: Any, bias: Any = None) -> tuple[Any, Any]:
        """Return y (N, O, *out) and what `weight_gradient` wants kept."""
        if self.axes == 2:
            return self.rows.correlate(x, weight, bias)
        y, kept = self.rows.correlate(self._images(x), weight.reshape(self.image_weight), bias)
        return self._from_images(y, (len(x), self.weight_shape[0], *self.out)), kept

    def keep(self, x: Any) -> Any:
        """Return what `weight_gradient` wants of x."""
        images = x if self.axes == 2 else self._images(x)
        return [self.rows.unfold(images[block]) for block in self.rows.blocks(x.itemsize)]

    def weight_gradient(self, grad: Any, kept: Any) -> Any:
        """Return what `grad`, shaped like y, makes of the weight."""
        images = grad if self.axes == 2 else self._result_images(grad)
        return self.rows.weight_gradient(images, kept).reshape(self.weight_shape)

    def spread(self, grad: Any, weight: Any) -> Any:
        """Return what `grad`, shaped like y, makes of x."""
        if self.axes == 2:
            return self.rows.spread(grad, weight)
        images = self.rows.spread(self._result_images(grad), weight.reshape(self.image_weight))
        return images.reshape(self.x_shape) if self.axes == 1 else self._fold_depth(images)

    def _image_shape(self) -> Sizes:
        batch, channels, *size = self.x_shape
        if self.axes == 3:
            depth = self.weight_shape[2]
            return (batch * self.out[0], channels * depth, size[1], size[2])
        return (batch, channels, *(1,) * (2 - self.axes), *size)

    def _image_weight_shape(self) -> Sizes:
        outputs, channels, *kernel = self.weight_shape
        if self.axes == 3:
            return (outputs, channels * kernel[0], kernel[1], kernel[2])
        return (outputs, channels, *(1,) * (2 - self.axes), *kernel)

    def _images(self, x: Any) -> Any:
        """Return x as images: (N, C, 1, L) or (N·OD, C·kd, H, W)."""
        if self.axes == 1:
            return x[:, :, None]
        batch, channels, depth, height, width = x.shape
        result = np.empty(
            (batch, self.out[0], channels, self.weight_shape[2], height, width), x.dtype
        )
        margin = self.steps.padding[0]
        padded = np.zeros((batch, channels, depth + 2 * margin, height, width), x.dtype)
        padded[:, :, margin : margin + depth] = x
        for place, slices in enumerate(self._slices()):
            result[:, :, :, place] = padded[:, :, slices].swapaxes(1, 2)
        return result.reshape(self._image_shape())

    def _fold_depth(self, images: Any) -> Any:
        """Add gradients of `_images` up to the gradient of a volume."""
        batch, channels, depth, height, width = self.x_shape
        split = images.reshape(batch, self.out[0], channels, -1, height, width)
        margin = self.steps.padding[0]
        padded = np.zeros((batch, channels, depth + 2 * margin, height, width), images.dtype)
        for place, slices in enumerate(self._slices()):
            padded[:, :, slices] += split[:, :, :, place].swapaxes(1, 2)
        return np.ascontiguousarray(padded[:, :, margin : margin + depth])

    def _slices(self) -> list[slice]:
        """Return for each place in the kernel's depth the slices of a padded volume it reads."""
        stride, dilation = self.steps.stride[0], self.steps.dilation[0]
        reach = (self.out[0] - 1) * stride + 1
        starts = range(0, self.weight_shape[2] * dilation, dilation)
        return [slice(start, start + reach, stride) for start in starts]

    def _result_images(self, grad: Any) -> Any:
        """Return an array like y as images."""
        if self.axes == 1:
            return grad[:, :, None]
        shape = (len(grad) * self.out[0], self.weight_shape[0], *self.out[1:])
        return np.ascontiguousarray(grad.swapaxes(1, 2)).reshape(shape)

    def _from_images(self, y: Any, shape: Sizes) -> Any:
        """Undo `_result_images`."""
        if self.axes == 1:
            return y.reshape(shape)
        split = y.reshape(shape[0], self.out[0], shape[1], *self.out[1:])
        return np.ascontiguousarray(split.swapaxes(1, 2))


@lru_cache(maxsize=256)
def correlation_of(x_shape: Sizes, weight_shape: Sizes, steps: Steps) -> Correlation:
    """Return the correlation of such shapes, which a training loop asks for again and again."""
    return Correlation(x_shape, weight_shape, steps)


def _pairs(steps: Steps) -> tuple[Any, Any, Any]:
    return steps.stride, steps.padding, steps.dilation
