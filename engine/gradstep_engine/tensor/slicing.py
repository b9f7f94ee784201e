"""Slices and elements by number or mask: index_select, index_add, take, masked_scatter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops import indexing, scattering
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.indexing import check_places, numpy_index
from gradstep_engine.tensor.operands import check_broadcast, given_tensor

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Slicing(TensorBase):
    """Whole slices and single elements, read and written."""

    def index_select(self, dim: int, index: Tensor) -> Tensor:
        """Return slices along `dim` by number.

        Raises:
            IndexError: the index is no vector.
            RuntimeError: it is no integer, or names a slice that is not there.
        """
        axis = axis_of(dim, self._array.ndim)
        places = index._array
        if places.dtype.kind not in "iu" or places.dtype.itemsize < 4:
            raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
        if places.ndim > 1:
            raise IndexError("index_select(): Index is supposed to be a vector")
        length = self._array.shape[axis] if self._array.shape else 1
        if places.size and (places.min() < 0 or places.max() >= length):
            worst = places[(places < 0) | (places >= length)].flat[0]
            raise RuntimeError(
                f"INDICES element is out of DATA bounds, id={worst} axis_dim={length}"
            )
        if not self._array.shape:
            return self.clone()  # type: ignore[attr-defined, no-any-return]
        index = index if places.ndim else wrap(places.reshape(1))
        return apply(scattering.IndexSelect, self, index, dim=axis)  # type: ignore[no-any-return]

    def index_add(self, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
        """Return a copy with alpha · source added to the slices along `dim` that `index` names."""
        index = _vector(self, dim, index, source, "index_add")
        axis = axis_of(dim, self._array.ndim)
        return apply(scattering.IndexAdd, self, index, source, dim=axis, alpha=alpha)  # type: ignore[no-any-return]

    def index_add_(self, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Any:
        """Add alpha · source to the slices along `dim` that `index` names."""
        index = _vector(self, dim, index, source, "index_add")
        axis = axis_of(dim, self._array.ndim)
        return apply_inplace(scattering.IndexAdd, self, index, source, dim=axis, alpha=alpha)

    def index_copy(self, dim: int, index: Tensor, source: Tensor) -> Tensor:
        """Return a copy with the slices along `dim` that `index` names taken from `source`."""
        places = _copied(self, dim, index, source)
        return apply(indexing.IndexCopy, self, source, index=places)  # type: ignore[no-any-return]

    def index_copy_(self, dim: int, index: Tensor, source: Tensor) -> Any:
        """Take the slices along `dim` that `index` names from `source`."""
        places = _copied(self, dim, index, source)
        return apply_inplace(indexing.IndexCopy, self, source, index=places)

    def index_fill(self, dim: int, index: Tensor, value: Any) -> Tensor:
        """Return a copy with one value in the slices along `dim` that `index` names."""
        places = _filled(self, dim, index)
        return apply(indexing.IndexFill, self, value, index=places)  # type: ignore[no-any-return]

    def index_fill_(self, dim: int, index: Tensor, value: Any) -> Any:
        """Write one value into the slices along `dim` that `index` names."""
        places = _filled(self, dim, index)
        return apply_inplace(indexing.IndexFill, self, value, index=places)

    def index_put(self, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
        """Return a copy with `values` written (or added) at a tuple of index tensors."""
        found, _ = numpy_index(tuple(indices), self._array.shape)
        return apply(indexing.IndexPut, self, values, index=found, accumulate=accumulate)  # type: ignore[no-any-return]

    def index_put_(self, indices: Any, values: Tensor, accumulate: bool = False) -> Any:
        """Write (or add) `values` at a tuple of index tensors."""
        found, _ = numpy_index(tuple(indices), self._array.shape)
        return apply_inplace(indexing.IndexPut, self, values, index=found, accumulate=accumulate)

    def take(self, index: Tensor) -> Tensor:
        """Return elements by their number when the tensor is read in order."""
        places = _numbered(self, given_tensor(index, "take", "index"))
        return apply(indexing.Take, self, index=places)  # type: ignore[no-any-return]

    def put(self, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
        """Return a copy with elements, numbered in order, taken from `source` or added to."""
        places, values = _numbered(self, index), source.reshape(index.shape)
        return apply(indexing.Put, self, values, index=places, accumulate=accumulate)  # type: ignore[no-any-return]

    def put_(self, index: Tensor, source: Tensor, accumulate: bool = False) -> Any:
        """Take elements, numbered in order, from `source`, or add it to them."""
        places, values = _numbered(self, index), source.reshape(index.shape)
        return apply_inplace(indexing.Put, self, values, index=places, accumulate=accumulate)

    def masked_select(self, mask: Tensor) -> Tensor:
        """Return the elements where `mask` holds, in one dimension."""
        if mask._array.dtype.kind != "b":
            raise RuntimeError("masked_select: expected BoolTensor for mask")
        source: Any = self
        if mask._array.shape != self._array.shape:
            check_broadcast(self._array.shape, mask._array.shape)
            shape = np.broadcast_shapes(self._array.shape, mask._array.shape)
            source, mask = source.expand(shape), mask.expand(shape)
        return apply(indexing.MaskedSelect, source, index=(np.array(mask._array),))  # type: ignore[no-any-return]

    def masked_scatter(self, mask: Tensor, source: Tensor) -> Tensor:
        """Return a copy with the elements where `mask` holds taken from `source` in order."""
        places, values = _masked(self, mask, source)
        return apply(indexing.MaskedScatter, self, values, index=places)  # type: ignore[no-any-return]

    def masked_scatter_(self, mask: Tensor, source: Tensor) -> Any:
        """Take the elements where `mask` holds from `source` in order."""
        places, values = _masked(self, mask, source)
        return apply_inplace(indexing.MaskedScatter, self, values, index=places)

    def select_scatter(self, src: Tensor, dim: int, index: int) -> Tensor:
        """Return a copy with the slice at `index` along `dim` taken from `src`."""
        axis = axis_of(dim, self._array.ndim)
        place = (*(slice(None),) * axis, index)
        return _embedded(indexing.SelectScatter, self, src, place)  # type: ignore[no-any-return]

    def slice_scatter(
        self,
        src: Tensor,
        dim: int = 0,
        start: int | None = None,
        end: int | None = None,
        step: int = 1,
    ) -> Tensor:
        """Return a copy with the slices from `start` to `end` along `dim` taken from `src`."""
        axis = axis_of(dim, self._array.ndim)
        place = (*(slice(None),) * axis, slice(start, end, step))
        return _embedded(indexing.SliceScatter, self, src, place)  # type: ignore[no-any-return]

    def diagonal_scatter(
        self, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1
    ) -> Tensor:
        """Return a copy with a diagonal taken from `src`."""
        rank, shape = self._array.ndim, self._array.shape
        place = indexing.diagonal_index(shape, offset, axis_of(dim1, rank), axis_of(dim2, rank))
        return _embedded(indexing.DiagonalScatter, self, src, place)  # type: ignore[no-any-return]


def _copied(self: Any, dim: int, index: Any, source: Any) -> tuple[Any, ...]:
    """Return the numpy index of the slices that `source` is copied to, after torch's checks."""
    axis = axis_of(dim, self._array.ndim)
    places, own, other = index._array, self._array.shape, source._array.shape
    if places.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {places.ndim})")
    if other and own and (*other[:axis], *other[axis + 1 :]) != (*own[:axis], *own[axis + 1 :]):
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination "
            f"slice shape: {' '.join(map(str, (*own[:axis], *own[axis + 1 :])))} at dimension "
            f"{axis} and source slice shape: "
            f"{' '.join(map(str, (*other[:axis], *other[axis + 1 :])))} at dimension 0."
        )
    count = other[axis] if other else 1
    if places.size != count:
        raise IndexError(
            f"index_copy_(): Number of indices ({places.size}) should be equal to "
            f"source.size(dim) ({count})"
        )
    check_places(places, axis, own, IndexError, "index_copy_(): ")
    return (*(slice(None),) * axis, np.array(places, ndmin=1)) if own else ()


def _filled(self: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """Return the numpy index of the slices along `dim` to fill; negative numbers count back."""
    axis = axis_of(dim, self._array.ndim)
    places, own = index._array, self._array.shape
    if places.ndim > 1:
        raise IndexError("index_fill_(): Index is supposed to be a vector")
    check_places(np.where(places < 0, -1 - places, places), axis, own, IndexError)
    return (*(slice(None),) * axis, np.array(places, ndmin=1)) if own else ()


def _vector(self: Any, dim: int, index: Any, source: Any, name: str) -> Any:
    """Return `index` as a vector, after torch's checks of its kind and of `source`."""
    axis = axis_of(dim, self._array.ndim)
    given_tensor(source, name, "source", 3)
    places = index._array
    if places.ndim > 1:
        raise IndexError(
            f"{name}_(): Index is supposed to be a vector, but got dim: {places.ndim} with type: "
            f"{index.dtype.cpu_type} and size: {list(places.shape)}"
        )
    if source._array.dtype != self._array.dtype:
        raise RuntimeError(
            f"{name}_(): self ({self.dtype.cpu_type}) and source ({source.dtype.cpu_type}) must "
            "have the same scalar type"
        )
    count = source._array.shape[axis] if source._array.ndim else 1
    if places.size != count:
        raise RuntimeError(
            f"{name}_(): Number of indices ({places.size}) should be equal to source.size(dim): "
            f"({count}), for dim: {axis}"
        )
    check_places(places, axis, self._array.shape, RuntimeError)
    return index if places.ndim else index.reshape(1)


def _numbered(self: Any, index: Any) -> tuple[Any, ...]:
    """Return the numpy index of elements by their number in order."""
    places, count = index._array, self._array.size
    if places.dtype != np.int64:
        raise RuntimeError(
            f"take(): Expected a long tensor for index, but got {index.dtype.cpu_type}"
        )
    if places.size and (places.min() < -count or places.max() >= count):
        worst = places[(places < -count) | (places >= count)].flat[0]
        raise IndexError(
            f"out of range: tried to access index {worst} on a tensor of {count} elements."
        )
    return np.unravel_index(places % max(count, 1), self._array.shape)


def _masked(self: Any, mask: Any, source: Any) -> tuple[tuple[Any, ...], Any]:
    places = np.array(np.broadcast_to(mask._array, self._array.shape))
    wanted = int(np.count_nonzero(places))
    if source._array.size < wanted:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return (places,), source.reshape(-1)[:wanted]


def _embedded(op: type[Op], self: Any, src: Any, place: tuple[Any, ...]) -> Any:
    """Return a copy of `self` with `src` at `place`, which must have its shape."""
    found, _ = numpy_index(place, self._array.shape)
    shape = self._array[found].shape
    if src._array.shape != shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src._array.shape)}, slice size = {list(shape)}"
        )
    return apply(op, self, src, index=found)
