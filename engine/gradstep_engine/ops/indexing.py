"""Reading and writing parts of a tensor by an index as numpy takes it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


class BasicIndex(Op):
    """A part by integers, slices, None and ellipsis, on the same memory."""

    op_name = "getitem"
    node_name = "SelectBackward0"
    view = True
    fresh = True

    def forward(self, a: Any, *, index: tuple[Any, ...], node_name: str | None = None) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.index = index
        self.node_name = _node_name(index) if node_name is None else node_name
        # The ellipsis makes numpy return a view even where a single element is named.
        return a[index if Ellipsis in index else (*index, ...)]

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        result[self.index] = grad
        return (result,)

    def backward_tensors(self, grad: Any) -> Any:
        return (placed_in_zeros(grad, self.index, self.shape),)


class Diagonal(BasicIndex):
    """The elements whose two indices differ by `offset`, as the last dimension (a view)."""

    op_name = "diagonal"
    node_name = "DiagonalBackward0"

    def forward(  # type: ignore[override]
        self, a: Any, *, offset: int = 0, dim1: int = 0, dim2: int = 1
    ) -> Any:
        self.shape = a.shape
        self.index = diagonal_index(a.shape, offset, dim1, dim2)
        result = a.diagonal(offset, dim1, dim2)
        if a.flags.writeable:
            result.flags.writeable = True
        return result


def diagonal_index(shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> tuple[Any, ...]:
    """Return an index that reads a diagonal as the last dimension, after all others."""
    rows = np.arange(max(0, -offset), max(0, min(shape[dim1], shape[dim2] - offset)))
    rest = [i for i in range(len(shape)) if i not in (dim1, dim2)]
    grids = np.ix_(*[np.arange(shape[i]) for i in rest], rows)
    index = dict(zip(rest, grids, strict=False))
    index[dim1], index[dim2] = rows, rows + offset
    return tuple(index[i] for i in range(len(shape)))


def _node_name(index: tuple[Any, ...]) -> str:
    """Return the name of torch's last node: it takes one step per index, from left to right."""
    name = "AliasBackward0"
    for item in index:
        if item is None:
            name = "UnsqueezeBackward0"
        elif isinstance(item, int):
            name = "SelectBackward0"
        elif isinstance(item, slice) and item != slice(None):
            name = "SliceBackward0"
    return name


class AdvancedIndex(Op):
    """Elements by index arrays or masks, copied; repeated places add up on the way back."""

    op_name = "getitem"
    node_name = "IndexBackward0"
    fresh = True

    def forward(self, a: Any, *, index: tuple[Any, ...]) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.index = index
        return a[index]

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        add_at(result, self.index, grad)
        return (result,)

    def backward_tensors(self, grad: Any) -> Any:
        return (placed_in_zeros(grad, self.index, self.shape, accumulate=True),)


class MaskedSelect(AdvancedIndex):
    """The elements where a mask holds, in one dimension."""

    op_name = "masked_select"
    node_name = "MaskedSelectBackward0"


class Take(AdvancedIndex):
    """Elements by their number when the tensor is read in order."""

    op_name = "take"
    node_name = "TakeBackward0"


def add_at(target: Any, index: tuple[Any, ...], values: Any) -> None:
    """Add `values` at `index`; places named several times get the sum."""
    if any(isinstance(item, np.ndarray) and item.dtype.kind != "b" for item in index):
        np.add.at(target, index, values)
    else:
        target[index] += values  # slices, integers and masks name no place twice


class IndexPut(Op):
    """a with a part overwritten by `value`, or with `value` added there (`accumulate`).

    Overwritten: ∂/∂a = grad, zero there; added: ∂/∂a = grad.  ∂/∂value = that part of grad.
    """

    op_name = "index_put"
    node_name = "IndexPutBackward0"

    def forward(
        self, a: Any, value: Any, *, index: tuple[Any, ...], accumulate: bool = False
    ) -> Any:
        self._note(value, index, accumulate)
        result = a.copy() if isinstance(a, np.ndarray) else np.array(a)
        put(result, index, value, accumulate)
        return result

    def _note(self, value: Any, index: tuple[Any, ...], accumulate: bool) -> None:
        self.index, self.accumulate = index, accumulate
        self.shape = shape_of(value)

    def backward(self, grad: Any) -> Any:
        along_a = None
        if self.needs(0):
            along_a = np.array(grad)
            if not self.accumulate:
                along_a[self.index] = 0
        return along_a, self._along_value(grad) if self.needs(1) else None

    def backward_tensors(self, grad: Any) -> Any:
        along_a = grad
        if not self.accumulate and self.needs(0):
            along_a = apply(IndexPut, grad, 0, index=self.index)
        part = None
        if self.needs(1):
            part = _fitted(apply(AdvancedIndex, grad, index=self.index), self.shape)
        return along_a, part

    def _along_value(self, grad: Any) -> Any:
        return _fitted(grad[self.index], self.shape)


def _fitted(part: Any, shape: tuple[int, ...]) -> Any:
    """Return a part of grad, array or tensor, in the shape of the value written there."""
    if len(shape) > part.ndim:
        part = part.reshape((1,) * (len(shape) - part.ndim) + tuple(part.shape))
    return unbroadcast(part, shape)


class SetItem(IndexPut):
    """a with a part overwritten in place; a's gradient is zero there, the value gets the rest."""

    op_name = "setitem_"
    node_name = "CopySlices"
    view = True  # torch writes into a view of the target, and its errors say so
    writes = True

    def forward(
        self, a: Any, value: Any, *, index: tuple[Any, ...], accumulate: bool = False
    ) -> Any:
        self._note(value, index, accumulate)
        put(a, index, value, accumulate)
        return a


class IndexFill(IndexPut):
    """a with slices along a dimension overwritten by one value."""

    op_name = "index_fill"
    node_name = "IndexFillBackward0"


class IndexCopy(IndexPut):
    """a with slices along a dimension overwritten by those of another tensor."""

    op_name = "index_copy"
    node_name = "IndexCopyBackward0"


class Put(IndexPut):
    """a with elements, numbered as they are read in order, overwritten or added to."""

    op_name = "put"
    node_name = "PutBackward0"


class MaskedScatter(IndexPut):
    """a with the elements where a mask holds overwritten by those of another tensor, in order."""

    op_name = "masked_scatter"
    node_name = "MaskedScatterBackward0"


class SelectScatter(IndexPut):
    """a with one slice along a dimension overwritten."""

    op_name = "select_scatter"
    node_name = "SelectScatterBackward0"


class SliceScatter(IndexPut):
    """a with the slices of a range along a dimension overwritten."""

    op_name = "slice_scatter"
    node_name = "SliceScatterBackward0"


class DiagonalScatter(IndexPut):
    """a with a diagonal overwritten."""

    op_name = "diagonal_scatter"
    node_name = "DiagonalScatterBackward0"


def put(target: Any, index: tuple[Any, ...], value: Any, accumulate: bool) -> None:
    """Write `value` at `index` of an array, or add it there."""
    if accumulate:
        add_at(target, index, value)
    else:
        target[index] = value


def placed_in_zeros(
    part: Any, index: tuple[Any, ...], shape: tuple[int, ...], accumulate: bool = False
) -> Any:
    """Return a tensor of zeros of `shape` with the tensor `part` at `index`."""
    zeros = wrap(np.zeros(shape, part._array.dtype))
    return apply(IndexPut, zeros, part, index=index, accumulate=accumulate)
