"""Sequences of different lengths: side by side with padding, or packed without it.

Packed rows are ordered by time, and within one time by sequence, the longest first.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply


def places_of(batch_sizes: tuple[int, ...]) -> tuple[Any, Any]:
    """Return the time and the sequence of each packed row."""
    times = np.repeat(np.arange(len(batch_sizes)), batch_sizes)
    return times, np.concatenate([np.arange(size) for size in batch_sizes])


class PackPadded(Op):
    """The rows of x (T, N, ...) that are no padding.  ∂/∂x = grad there, else 0.

    `batch_sizes` says for each time how many sequences are that long.
    """

    op_name = "pack_padded_sequence"
    node_name = "PackPaddedSequenceBackward0"
    fresh = True

    def forward(self, x: Any, *, batch_sizes: tuple[int, ...]) -> Any:
        self.batch_sizes = batch_sizes
        self.places = places_of(batch_sizes)
        self.sizes: tuple[int, ...] = x.shape[:2]
        return x[self.places]

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.sizes + grad.shape[1:], grad.dtype)
        result[self.places] = grad
        return (result,)

    def backward_tensors(self, grad: Any) -> Any:
        return (apply(PadPacked, grad, batch_sizes=self.batch_sizes, time=self.sizes[0], value=0),)


class PadPacked(Op):
    """The packed rows where they belong in (T, N, ...), else `value`.  ∂/∂rows = grad there."""

    op_name = "pad_packed_sequence"
    node_name = "CopySlices"
    fresh = True

    def forward(self, rows: Any, *, batch_sizes: tuple[int, ...], time: int, value: float) -> Any:
        self.batch_sizes = batch_sizes
        self.places = places_of(batch_sizes)
        result = np.full((time, batch_sizes[0], *rows.shape[1:]), value, rows.dtype)
        result[self.places] = rows
        return result

    def backward(self, grad: Any) -> Any:
        return (grad[self.places],)

    def backward_tensors(self, grad: Any) -> Any:
        return (apply(PackPadded, grad, batch_sizes=self.batch_sizes),)


class PadSequence(Op):
    """Tensors (L_n, ...) in one (N, T, ...), `value` elsewhere.  Each gets its part of grad."""

    op_name = "pad_sequence"
    node_name = "CopySlices"

    def forward(self, *arrays: Any, length: int, value: float, left: bool) -> Any:
        first = arrays[0]
        result = np.full((len(arrays), length, *first.shape[1:]), value, first.dtype)
        self.parts = [
            slice(length - len(each), length) if left else slice(len(each)) for each in arrays
        ]
        for row, part, each in zip(result, self.parts, arrays, strict=True):
            row[part] = each
        return result

    def backward(self, grad: Any) -> Any:
        return tuple([grad[n, part] for n, part in enumerate(self.parts)])

    backward_tensors = backward
