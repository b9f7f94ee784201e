"""2-d correlation by row windows.

Only the width is unfolded: row h of `rows` holds, for each input channel and kernel column, the
output row that reads it. The kh rows that one output row needs then lie next to each other, so
an overlapping view is the operand of one matrix product per output row, and the usual copy by a
factor kh is never made. Images are taken in blocks whose rows fit the cache.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from gradstep_engine.ops.scratch import scratch

Pair = tuple[int, int]

BLOCK = 1 << 19
"""Aim at this many bytes of rows in a block of images."""

NARROW = 8
"""Below so many output channels, moving them last in memory costs more than it saves."""

COLUMNS = 256
"""Aim at no fewer columns in a matrix product."""


def _strided(array: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """Return a view of a contiguous array: numpy's `as_strided` at a tenth of its cost."""
    return np.ndarray(shape, array.dtype, array, 0, strides)


class RowWindows:
    """The sizes of one convolution and the changes of layout they imply.

    Shapes: x (N, C, H, W), weight (O, C / groups, kh, kw), y (N, O, OH, OW).
    """

    def __init__(
        self,
        x_shape: tuple[int, ...],
        weight_shape: tuple[int, ...],
        stride: Pair,
        padding: Pair,
        dilation: Pair,
        groups: int,
    ) -> None:
        self.batch, self.channels, self.height, self.width = x_shape
        self.weight_shape = weight_shape
        self.outputs = weight_shape[0]
        self.kernel_h, self.kernel_w = weight_shape[2:]
        self.stride_h, self.stride_w = stride
        self.pad_h, self.pad_w = padding
        self.dilation_h, self.dilation_w = dilation
        self.groups = groups
        self.padded_h = self.height + 2 * self.pad_h
        self.padded_w = self.width + 2 * self.pad_w
        self.out_h = (self.padded_h - self.dilation_h * (self.kernel_h - 1) - 1) // (
            self.stride_h
        ) + 1
        self.out_w = (self.padded_w - self.dilation_w * (self.kernel_w - 1) - 1) // (
            self.stride_w
        ) + 1
        self.group_channels = self.channels // groups
        self.taps = self.group_channels * self.kernel_w

    def blocks(self, itemsize: int) -> list[slice]:
        """Return the images in blocks."""
        per_image = max(1, self.padded_h * self.taps * self.groups * self.out_w * itemsize)
        count = max(BLOCK // per_image, -(-COLUMNS // max(1, self.out_w)))
        starts = range(0, self.batch, count)
        return [slice(start, min(start + count, self.batch)) for start in starts]

    def correlate(self, x: Any, weight: Any, bias: Any = None) -> tuple[Any, list[Any]]:
        """Return y and the rows of every block."""
        kernel = self.kernel(weight)[:, None]
        result = scratch((self.batch, self.outputs, self.out_h, self.out_w), x.dtype)
        kept = []
        for block in self.blocks(x.itemsize):
            rows = self.unfold(x[block])
            kept.append(rows)
            windows = self.windows(rows)
            # (groups, OH, O/groups, n·OW)
            product = scratch((*windows.shape[:2], kernel.shape[2], windows.shape[3]), x.dtype)
            np.matmul(kernel, windows, out=product)
            by_channel = product.reshape(*product.shape[:3], -1, self.out_w)
            by_channel = by_channel.transpose(3, 0, 2, 1, 4)
            target = result[block].reshape(by_channel.shape)
            target[...] = by_channel
            if bias is not None:
                target += bias.reshape(1, self.groups, -1, 1, 1)
        return result, kept

    def weight_gradient(self, grad: Any, kept: list[Any]) -> Any:
        """Return the gradient of the weight from the rows of `correlate`."""
        total: Any = None
        for block, rows in zip(self.blocks(grad.itemsize), kept, strict=True):
            # The longer operand on the left: BLAS is up to twice as fast so.
            windows, right = self.windows(rows), self.by_place(grad[block])
            products = scratch((*windows.shape[:3], right.shape[3]), grad.dtype)
            part = np.add.reduce(np.matmul(windows, right, out=products), axis=1)
            total = part if total is None else np.add(total, part, out=total)
        if total is None:
            return np.zeros(self.weight_shape, grad.dtype)
        return self.unkernel(total.swapaxes(1, 2))

    def spread(self, grad: Any, weight: Any) -> Any:
        """Return the gradient of x: every element of `grad` times the kernel, where it was read."""
        if self._leads_back:
            return self._correlate_back(grad, weight)
        result = scratch((self.batch, self.channels, self.height, self.width), grad.dtype)
        if self.stride_h == self.dilation_h == 1:
            kernel = self.turned_kernel(weight)[:, None]
            for block in self.blocks(grad.itemsize):
                windows = self.row_windows_of(grad[block])
                shape = (*windows.shape[:2], self.taps, windows.shape[3])
                rows = np.matmul(kernel, windows, out=scratch(shape, grad.dtype))
                self.fold_columns(rows, result[block])
            return result
        kernel = self.kernel(weight).swapaxes(1, 2)[:, None]
        for block in self.blocks(grad.itemsize):
            self.fold(np.matmul(kernel, self.by_row(grad[block])), result[block])
        return result

    @cached_property
    def _margins(self) -> Pair:
        """How much padding the correlation needs that leads back."""
        return (
            self.dilation_h * (self.kernel_h - 1) - self.pad_h,
            self.dilation_w * (self.kernel_w - 1) - self.pad_w,
        )

    @cached_property
    def _leads_back(self) -> bool:
        """Whether another correlation gives the gradient of x, and no slower than folding does.

        It unfolds y where folding adds up columns of x: measured, it loses with many more channels
        in y.
        """
        moves_by_one = self.stride_h == self.stride_w == 1 and min(self._margins) >= 0
        return moves_by_one and 2 * self.outputs <= 3 * self.channels

    @cached_property
    def _back(self) -> RowWindows:
        """The correlation of y with the kernel turned by 180°."""
        return RowWindows(
            (self.batch, self.outputs, self.out_h, self.out_w),
            (self.channels, self.outputs // self.groups, self.kernel_h, self.kernel_w),
            (1, 1),
            self._margins,
            (self.dilation_h, self.dilation_w),
            self.groups,
        )

    def _correlate_back(self, grad: Any, weight: Any) -> Any:
        """Do the same where windows move by 1: correlate with the kernel turned by 180°."""
        split = weight.reshape(self.groups, -1, *weight.shape[1:])[..., ::-1, ::-1]
        turned = split.swapaxes(1, 2).reshape(self.channels, -1, self.kernel_h, self.kernel_w)
        return self._back.correlate(grad, turned)[0]

    def by_row(self, grad: Any) -> Any:
        """Return `grad` in the layout of products: (groups, OH, O/groups, n·OW)."""
        split = grad.reshape(len(grad), self.groups, -1, self.out_h, self.out_w)
        channels = split.shape[2]
        result = scratch((self.groups, self.out_h, channels, len(grad), self.out_w), grad.dtype)
        result[...] = split.transpose(1, 3, 2, 0, 4)
        return result.reshape(self.groups, self.out_h, channels, -1)

    def by_place(self, grad: Any) -> Any:
        """Return `grad` as the right operand of products: (groups, OH, n·OW, O/groups)."""
        split = grad.reshape(len(grad), self.groups, -1, self.out_h, self.out_w)
        channels = split.shape[2]
        if channels < NARROW:
            return self.by_row(grad).swapaxes(2, 3)
        result = scratch((self.groups, self.out_h, len(grad), self.out_w, channels), grad.dtype)
        result[...] = split.transpose(1, 3, 0, 4, 2)
        return result.reshape(self.groups, self.out_h, -1, channels)

    def row_windows_of(self, grad: Any) -> Any:
        """Return for each row of x the kh rows of `grad` that read it: (groups, H, kh·O/g, n·OW).

        For windows that move down by 1; where there is no such row, zeros. Neighbours overlap.
        """
        split = grad.reshape(len(grad), self.groups, -1, self.out_h, self.out_w)
        channels, edge = split.shape[2], self.kernel_h - 1
        rows = scratch(
            (self.groups, self.out_h + 2 * edge, channels, len(grad), self.out_w), grad.dtype
        )
        rows[:, :edge] = 0
        rows[:, edge + self.out_h :] = 0
        rows[:, edge : edge + self.out_h] = split.transpose(1, 3, 2, 0, 4)
        of_group, of_row, of_channel = rows.strides[:3]
        return np.ndarray(
            (self.groups, self.height, self.kernel_h * channels, len(grad) * self.out_w),
            rows.dtype,
            rows,
            self.pad_h * of_row,
            (of_group, of_row, of_channel, rows.itemsize),
        )

    def turned_kernel(self, weight: Any) -> Any:
        """Return the weight for `row_windows_of`: (groups, C/groups·kw, kh·O/groups)."""
        split = weight[:, :, ::-1].reshape(self.groups, -1, *weight.shape[1:])
        return split.transpose(0, 2, 4, 3, 1).reshape(self.groups, self.taps, -1)

    def unfold(self, x: Any) -> Any:
        """Return `rows`: (groups, padded H, C/groups · kw, n · OW)."""
        if self.pad_h or self.pad_w:
            padded = scratch((*x.shape[:2], self.padded_h, self.padded_w), x.dtype)
            padded.fill(0)
            self._inner(padded)[...] = x
            x = padded
        elif not x.flags.c_contiguous:
            x = np.ascontiguousarray(x)
        of_sample, of_channel, of_row, of_column = x.strides
        shape = (
            self.groups,
            self.padded_h,
            self.group_channels,
            self.kernel_w,
            len(x),
            self.out_w,
        )
        rows = scratch(shape, x.dtype)
        rows[...] = _strided(
            x,
            shape,
            (
                self.group_channels * of_channel,
                of_row,
                of_channel,
                self.dilation_w * of_column,
                of_sample,
                self.stride_w * of_column,
            ),
        )
        return rows.reshape(self.groups, self.padded_h, self.taps, -1)

    def windows(self, rows: Any) -> Any:
        """Return for each output row the kh rows it reads: (groups, OH, kh·C/groups·kw, n·OW).

        Without dilation this is a view in which neighbouring windows overlap.
        """
        of_group, of_row, of_tap, of_position = rows.strides
        view = _strided(
            rows,
            (self.groups, self.out_h, self.kernel_h, *rows.shape[2:]),
            (
                of_group,
                self.stride_h * of_row,
                self.dilation_h * of_row,
                of_tap,
                of_position,
            ),
        )
        return view.reshape(self.groups, self.out_h, self.kernel_h * self.taps, rows.shape[3])

    def kernel(self, weight: Any) -> Any:
        """Return the weight in the order of `windows`: (groups, O/groups, kh·C/groups·kw)."""
        return np.ascontiguousarray(weight.transpose(0, 2, 1, 3)).reshape(
            self.groups, self.outputs // self.groups, -1
        )

    def unkernel(self, kernel: Any) -> Any:
        """Undo `kernel`."""
        outputs, group_channels, kernel_h, kernel_w = self.weight_shape
        split = kernel.reshape(outputs, kernel_h, group_channels, kernel_w)
        return np.ascontiguousarray(split.transpose(0, 2, 1, 3))

    def fold(self, windows: Any, target: Any) -> None:
        """Add gradients of `windows` up to the gradient of x: undo `windows` and `unfold`."""
        taps = windows.reshape(
            self.groups, self.out_h, self.kernel_h, -1, self.kernel_w, len(target), self.out_w
        )
        rows = scratch((self.groups, self.padded_h, *taps.shape[3:]), windows.dtype)
        rows.fill(0)
        for i in range(self.kernel_h):
            start = i * self.dilation_h
            rows[:, start : start + self.out_h * self.stride_h : self.stride_h] += taps[:, :, i]
        self.fold_columns(rows[:, self.pad_h : self.pad_h + self.height], target)

    def fold_columns(self, rows: Any, target: Any) -> None:
        """Add gradients of the rows of x, (groups, H, C/groups·kw, n·OW), up to that of x."""
        taps = rows.reshape(
            self.groups, self.height, -1, self.kernel_w, len(target), self.out_w
        ).transpose(3, 4, 0, 2, 1, 5)
        shape = (len(target), self.groups, self.group_channels, self.height)
        padded = target.reshape(*shape, self.width)
        if self.pad_w:
            padded = scratch((*shape, self.padded_w), rows.dtype)
        padded.fill(0)
        for j in range(self.kernel_w):
            start = j * self.dilation_w
            padded[..., start : start + self.out_w * self.stride_w : self.stride_w] += taps[j]
        if self.pad_w:
            inner = padded[..., self.pad_w : self.pad_w + self.width]
            target[...] = inner.reshape(target.shape)

    def _inner(self, padded: Any) -> Any:
        """Return the part of padded images that is the images."""
        return padded[
            :, :, self.pad_h : self.pad_h + self.height, self.pad_w : self.pad_w + self.width
        ]
