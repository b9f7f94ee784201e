"""Which values occur."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops.axes import axis_of


class Uniques(TensorBase):
    """Values without repetition."""

    def unique(
        self,
        sorted: bool = True,
        return_inverse: bool = False,
        return_counts: bool = False,
        dim: int | None = None,
    ) -> Any:
        """Return every value once, in order; on demand where each element went, and how often."""
        axis = None if dim is None else axis_of(dim, self._array.ndim)
        values, inverse, counts = np.unique(
            self._array, return_inverse=True, return_counts=True, axis=axis
        )
        inverse = inverse.reshape(self._array.shape if axis is None else -1)
        return _asked_for(values, inverse, counts, return_inverse, return_counts)

    def unique_consecutive(
        self, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
    ) -> Any:
        """Return the values without those that equal the one before them."""
        array = self._array.reshape(-1) if dim is None else self._array
        axis = 0 if dim is None else axis_of(dim, self._array.ndim)
        size = array.shape[axis]
        rows = np.moveaxis(array, axis, 0).reshape(size, -1)
        new = np.ones(size, bool)
        new[1:] = (rows[1:] != rows[:-1]).any(axis=1)
        starts = np.flatnonzero(new)
        inverse = np.cumsum(new) - 1
        if dim is None:
            inverse = inverse.reshape(self._array.shape)
        counts = np.diff(np.append(starts, size))
        values = np.take(array, starts, axis)
        return _asked_for(values, inverse, counts, return_inverse, return_counts)


def _asked_for(values: Any, inverse: Any, counts: Any, inverted: bool, counted: bool) -> Any:
    results = [wrap(values)]
    if inverted:
        results.append(wrap(inverse.astype(np.int64)))
    if counted:
        results.append(wrap(counts.astype(np.int64)))
    return results[0] if len(results) == 1 else tuple(results)
