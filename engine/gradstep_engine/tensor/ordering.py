"""Distinct values, places of values, and orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops.axes import axis_of

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Ordering(TensorBase):
    """What a tensor's values are, and where."""

    def msort(self) -> Tensor:
        """Return the elements in order along the first dimension."""
        return self.sort(0)[0]  # type: ignore[attr-defined, no-any-return]

    def unique(
        self,
        sorted: bool = True,
        return_inverse: bool = False,
        return_counts: bool = False,
        dim: int | None = None,
    ) -> Any:
        """Return every value (or slice along `dim`) once, in order.

        Args:
            sorted: accepted; values are always in order.
            return_inverse: also return where each element is among them.
            return_counts: also return how often each occurs.
            dim: look at whole slices along this dimension.
        """
        axis = None if dim is None else axis_of(dim, self._array.ndim)
        values, inverse, counts = np.unique(
            self._array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False
        )
        shape = self._array.shape if axis is None else (self._array.shape[axis],)
        return _with_details(values, inverse.reshape(shape), counts, return_inverse, return_counts)

    def unique_consecutive(
        self, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
    ) -> Any:
        """Return the elements (or slices along `dim`) that differ from the one before."""
        if dim is None:
            rows = self._array.reshape(-1)
            shape: tuple[int, ...] = self._array.shape
        else:
            rows = np.moveaxis(self._array, axis_of(dim, self._array.ndim), 0)
            shape = (len(rows),)
        new = np.ones(len(rows), bool)
        differs = rows[1:] != rows[:-1]
        new[1:] = differs.reshape(len(differs), -1).any(1) if rows.ndim > 1 else differs
        values = rows[new] if dim is None else np.moveaxis(rows[new], 0, axis_of(dim, rows.ndim))
        starts = np.flatnonzero(new)
        counts = np.diff(np.append(starts, len(rows)))
        inverse = (np.cumsum(new) - 1).reshape(shape)
        return _with_details(values, inverse, counts, return_inverse, return_counts)

    def nonzero(self, *, as_tuple: bool = False) -> Any:
        """Return the places of elements that are not zero: rows, or one tensor per axis."""
        if not isinstance(as_tuple, bool):
            raise TypeError(
                f"nonzero(): argument 'as_tuple' must be bool, not {type(as_tuple).__name__}"
            )
        places = np.nonzero(np.atleast_1d(self._array))
        if as_tuple:
            return tuple(wrap(place) for place in places)
        return wrap(np.stack(places, 1)[:, : self._array.ndim])

    def argwhere(self) -> Tensor:
        """Return the places of elements that are not zero, one per row."""
        return self.nonzero()  # type: ignore[no-any-return]


def _with_details(
    values: Any, inverse: Any, counts: Any, return_inverse: bool, return_counts: bool
) -> Any:
    found = [wrap(values)]
    if return_inverse:
        found.append(wrap(inverse.astype(np.int64, copy=False)))
    if return_counts:
        found.append(wrap(counts.astype(np.int64, copy=False)))
    return tuple(found) if len(found) > 1 else found[0]
