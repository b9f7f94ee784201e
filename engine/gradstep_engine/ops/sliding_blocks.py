"""Blocks of an image as columns, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.ops.correlation import Sizes, Steps
from gradstep_engine.ops.linear_map import Mapped


class Blocks:
    """(N, C, H, W) to (N, C·kh·kw, blocks); transposed, blocks are added up to images."""

    def __init__(self, shape: Sizes, kernel: Sizes, steps: Steps) -> None:
        self.shape, self.kernel, self.steps = shape, kernel, steps
        self.out = steps.out(shape[2:], kernel)
        margins = steps.padding
        self.larger = (*shape[:2], *(n + 2 * p for n, p in zip(shape[2:], margins, strict=True)))
        places = [slice(p, p + n) for n, p in zip(shape[2:], margins, strict=True)]
        self.inner: Any = (..., *places)

    def __repr__(self) -> str:
        return f"Blocks(shape={self.shape}, kernel={self.kernel}, {self.steps})"

    def apply(self, x: Any) -> Any:
        """Return the blocks as columns."""
        larger = np.zeros(self.larger, x.dtype)
        larger[self.inner] = x
        result = np.empty((*self.shape[:2], *self.kernel, *self.out), x.dtype)
        for i, j, rows, columns in self._places():
            result[:, :, i, j] = larger[..., rows, columns]
        return result.reshape(self.shape[0], -1, self.out[0] * self.out[1])

    def adjoint(self, grad: Any) -> Any:
        """Return the images the columns add up to."""
        blocks = grad.reshape(*self.shape[:2], *self.kernel, *self.out)
        larger = np.zeros(self.larger, grad.dtype)
        for i, j, rows, columns in self._places():
            larger[..., rows, columns] += blocks[:, :, i, j]
        return np.ascontiguousarray(larger[self.inner])

    def _places(self) -> list[tuple[int, int, slice, slice]]:
        """Return every place in a block with the rows and columns that all blocks see there."""
        slices = []
        for axis in (0, 1):
            step, spread = self.steps.stride[axis], self.steps.dilation[axis]
            span = (self.out[axis] - 1) * step + 1
            starts = range(0, self.kernel[axis] * spread, spread)
            slices.append([slice(start, start + span, step) for start in starts])
        return [
            (i, j, rows, columns)
            for i, rows in enumerate(slices[0])
            for j, columns in enumerate(slices[1])
        ]


class Unfold(Mapped):
    """The blocks of an image as columns.  ∂/∂x = grad's columns added up where they were read."""

    op_name = "unfold"
    node_name = "Im2ColBackward0"

    def forward(self, x: Any, *, blocks: Blocks) -> Any:
        self.map = blocks
        return blocks.apply(x)


class _Reversed:
    """`Blocks` the other way round."""

    def __init__(self, blocks: Blocks) -> None:
        self.apply, self.adjoint = blocks.adjoint, blocks.apply


class Fold(Mapped):
    """Columns added up to an image.  ∂/∂x = the blocks of grad."""

    op_name = "fold"
    node_name = "Col2ImBackward0"

    def forward(self, x: Any, *, blocks: Blocks) -> Any:
        self.map = _Reversed(blocks)
        return self.map.apply(x)
