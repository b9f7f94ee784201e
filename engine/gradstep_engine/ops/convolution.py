"""2-d convolution by row windows.

Only the width is unfolded: row h of `rows` holds, for each input channel and kernel column, the
output row that reads it. The kh rows that one output row needs then lie next to each other, so
an overlapping view is the operand of one matrix product per output row, and the usual copy by a
factor kh is never made.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.ops.linear import needed_by_product

Pair = tuple[int, int]


class Convolution(Op):
    """y[n, o] = b_o + Σ_c W[o, c] ⋆ x[n, c].

    ∂/∂W = rows of x times grad, ∂/∂x = Wᵀ grad folded back, ∂/∂b = Σ grad.

    Shapes: x (N, C, H, W), weight (O, C / groups, kh, kw), bias (O), y (N, O, OH, OW).
    """

    op_name = "conv2d"
    node_name = "ConvolutionBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(
        self,
        x: Any,
        weight: Any,
        bias: Any = None,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
        groups: int = 1,
    ) -> Any:
        self.geometry = _Geometry(x.shape, weight.shape, stride, padding, dilation, groups)
        g = self.geometry
        rows = g.unfold(x)
        self.saved = rows, weight
        self.saves = needed_by_product(self)
        # (groups, OH, O/groups, N·OW)
        product = np.matmul(g.kernel(weight)[:, None], g.windows(rows))
        by_channel = product.reshape(groups, g.out_h, -1, g.batch, g.out_w)
        by_channel = by_channel.transpose(3, 0, 2, 1, 4)
        result = np.empty((g.batch, weight.shape[0], g.out_h, g.out_w), dtype=x.dtype)
        target = result.reshape(by_channel.shape)
        if bias is None:
            target[...] = by_channel
        else:
            np.add(by_channel, bias.reshape(1, groups, -1, 1, 1), out=target)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        rows, weight = self.saved
        g = self.geometry
        channels = len(weight) // g.groups
        split = grad.reshape(g.batch, g.groups, channels, g.out_h, g.out_w)
        # (groups, OH, O/groups, N·OW), as in forward
        by_row = np.ascontiguousarray(split.transpose(1, 3, 2, 0, 4))
        by_row = by_row.reshape(g.groups, g.out_h, channels, -1)
        grad_x = (
            g.fold(np.matmul(g.kernel(weight).swapaxes(1, 2)[:, None], by_row))
            if (self.needs(0))
            else None
        )
        grad_weight = None
        if self.needs(1):
            products = np.matmul(by_row, g.windows(rows).swapaxes(2, 3))
            grad_weight = g.unkernel(np.add.reduce(products, axis=1), weight.shape)
        if len(self.edges) == 2:
            return grad_x, grad_weight
        grad_bias = None
        if self.needs(2):
            grad_bias = np.add.reduce(np.add.reduce(by_row, axis=3), axis=1).reshape(-1)
        return grad_x, grad_weight, grad_bias


def _strided(array: Any, shape: tuple[int, ...], strides: tuple[int, ...]) -> Any:
    """Return a view of a contiguous array: numpy's `as_strided` at a tenth of its cost."""
    return np.ndarray(shape, array.dtype, array, 0, strides)


class _Geometry:
    """The sizes of one convolution and the changes of layout they imply."""

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

    def unfold(self, x: Any) -> Any:
        """Return `rows`: (groups, padded H, C/groups · kw, N · OW)."""
        if self.pad_h or self.pad_w:
            padded = np.zeros((*x.shape[:2], self.padded_h, self.padded_w), dtype=x.dtype)
            padded[
                :, :, self.pad_h : self.pad_h + self.height, self.pad_w : self.pad_w + self.width
            ] = x
            x = padded
        elif not x.flags.c_contiguous:
            x = np.ascontiguousarray(x)
        of_sample, of_channel, of_row, of_column = x.strides
        group_channels = self.channels // self.groups
        view = _strided(
            x,
            (
                self.groups,
                self.padded_h,
                group_channels,
                self.kernel_w,
                self.batch,
                self.out_w,
            ),
            (
                group_channels * of_channel,
                of_row,
                of_channel,
                self.dilation_w * of_column,
                of_sample,
                self.stride_w * of_column,
            ),
        )
        return np.ascontiguousarray(view).reshape(
            self.groups, self.padded_h, group_channels * self.kernel_w, -1
        )

    def windows(self, rows: Any) -> Any:
        """Return for each output row the kh rows it reads: (groups, OH, kh·C/groups·kw, N·OW).

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
        return view.reshape(self.groups, self.out_h, -1, rows.shape[3])

    def kernel(self, weight: Any) -> Any:
        """Return the weight in the order of `windows`: (groups, O/groups, kh·C/groups·kw)."""
        return np.ascontiguousarray(weight.transpose(0, 2, 1, 3)).reshape(
            self.groups, len(weight) // self.groups, -1
        )

    def unkernel(self, kernel: Any, shape: tuple[int, ...]) -> Any:
        """Undo `kernel`."""
        outputs, group_channels, kernel_h, kernel_w = shape
        split = kernel.reshape(outputs, kernel_h, group_channels, kernel_w)
        return np.ascontiguousarray(split.transpose(0, 2, 1, 3))

    def fold(self, windows: Any) -> Any:
        """Add gradients of `windows` up to the gradient of x: undo `windows` and `unfold`."""
        taps = windows.reshape(
            self.groups, self.out_h, self.kernel_h, -1, self.kernel_w, self.batch, self.out_w
        )
        group_channels = taps.shape[3]
        rows = np.zeros((self.groups, self.padded_h, *taps.shape[3:]), dtype=windows.dtype)
        for i in range(self.kernel_h):
            start = i * self.dilation_h
            rows[:, start : start + self.out_h * self.stride_h : self.stride_h] += taps[:, :, i]
        padded = np.zeros(
            (self.batch, self.groups, group_channels, self.padded_h, self.padded_w),
            dtype=windows.dtype,
        )
        for j in range(self.kernel_w):
            start = j * self.dilation_w
            padded[..., start : start + self.out_w * self.stride_w : self.stride_w] += rows[
                :, :, :, j
            ].transpose(3, 0, 2, 1, 4)
        padded = padded.reshape(self.batch, self.channels, self.padded_h, self.padded_w)
        if not (self.pad_h or self.pad_w):
            return padded
        return padded[
            :, :, self.pad_h : self.pad_h + self.height, self.pad_w : self.pad_w + self.width
        ]
