"""Elements chosen by their rank: medians, the k-th smallest, the most frequent."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.ops.extremum import Max, Picked, check_not_empty, order
from gradstep_engine.ops.reduction import Axes


def middle(a: Any, dim: int, ignore_nan: bool) -> Any:
    """Return the index of the middle element along `dim`, the lower of two, with that axis kept.

    A NaN along the way is the middle itself unless NaN are ignored.
    """
    check_not_empty("median", a, dim)
    ranked = order(a, dim, False)
    hole = np.isnan(a) if a.dtype.kind == "f" else np.zeros(a.shape, bool)
    count = a.shape[dim] - np.add.reduce(hole, axis=dim, keepdims=True)
    chosen = np.take_along_axis(ranked, np.maximum(count - 1, 0) // 2, dim)
    if ignore_nan:
        return chosen
    first_hole = np.expand_dims(np.argmax(hole, dim), dim)
    return np.where(count < a.shape[dim], first_hole, chosen)


class Median(Picked):
    """The middle element along one dimension (the lower of two), and its index."""

    op_name = "median"
    node_name = "MedianBackward1"

    def forward(self, a: Any, *, dim: int, keepdim: bool = False) -> Any:
        return self._pick(a, middle(a, dim, False) if a.shape else None, dim, keepdim)


class NanMedian(Picked):
    """The middle element along one dimension without what is not a number, and its index."""

    op_name = "nanmedian"
    node_name = "NanmedianBackward1"

    def forward(self, a: Any, *, dim: int, keepdim: bool = False) -> Any:
        return self._pick(a, middle(a, dim, True) if a.shape else None, dim, keepdim)


class MedianOfAll(Max):
    """The middle of all elements (the lower of two); equal ones share the gradient evenly."""

    op_name = "median"
    node_name = "MedianBackward0"
    ignore_nan = False

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        self._note(a, None, False)
        if a.size:
            flat = a.reshape(-1)
            result = flat[middle(flat, 0, self.ignore_nan)[0]]
        else:
            result = a.dtype.type(np.nan)
        self.saved = (a, result)
        return result


class NanMedianOfAll(MedianOfAll):
    """The middle of all elements that are numbers."""

    op_name = "nanmedian"
    node_name = "NanmedianBackward0"
    ignore_nan = True


class KthValue(Picked):
    """The k-th smallest element along one dimension, and its index."""

    op_name = "kthvalue"
    node_name = "KthvalueBackward0"

    def forward(self, a: Any, *, k: int, dim: int, keepdim: bool = False) -> Any:
        if not 1 <= k <= (a.shape[dim] if a.shape else 1):
            raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {dim}")
        indices = np.take(order(a, dim, False), [k - 1], dim) if a.shape else None
        return self._pick(a, indices, dim, keepdim)


class Mode(Picked):
    """The most frequent element along one dimension (the smallest of several), and its index."""

    op_name = "mode"
    node_name = "ModeBackward0"

    def forward(self, a: Any, *, dim: int, keepdim: bool = False) -> Any:
        if not a.shape:
            return self._pick(a, None, dim, keepdim)
        check_not_empty("mode", a, dim)
        indices = np.apply_along_axis(_place_of_mode, dim, a)
        return self._pick(a, np.expand_dims(indices, dim), dim, keepdim)


def _place_of_mode(row: Any) -> Any:
    # Each NaN is a value of its own, equal to none.
    _, inverse, counts = np.unique(row, return_inverse=True, return_counts=True, equal_nan=False)
    return np.flatnonzero(inverse == np.argmax(counts))[-1]
