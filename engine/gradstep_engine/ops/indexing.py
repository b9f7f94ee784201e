"""Reading and writing parts of a tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


class BasicIndex(Op):
    """A part by integers, slices, None and ellipsis, on the same memory."""

    op_name = "getitem"
    node_name = "SelectBackward0"
    view = True
    fresh = True

    def forward(self, a: Any, *, index: tuple[Any, ...]) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.index = index
        self.node_name = _node_name(index)
        # The ellipsis makes numpy return a view even where a single element is named.
        return a[index if Ellipsis in index else (*index, ...)]

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        result[self.index] = grad
        return (result,)


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
    """Elements by index tensors or a mask, copied; repeated places add up on the way back."""

    op_name = "getitem"
    node_name = "IndexBackward0"
    fresh = True

    def forward(self, a: Any, *, index: tuple[Any, ...]) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.index = index
        return a[index]

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        np.add.at(result, self.index, grad)
        return (result,)


class SetItem(Op):
    """a with a part overwritten; a's gradient is zero there, the value gets that part of grad."""

    op_name = "setitem_"
    node_name = "CopySlices"
    view = True  # torch writes into a view of the target, and its errors say so
    writes = True

    def forward(self, a: Any, value: Any, *, index: tuple[Any, ...]) -> Any:
        self.index = index
        self.shape = shape_of(value)
        a[index] = value
        return a

    def backward(self, grad: Any) -> Any:
        along_a = None
        if self.needs(0):
            along_a = grad.copy()
            along_a[self.index] = 0
        along_value = None
        if self.needs(1):
            part = grad[self.index]
            while len(self.shape) > part.ndim:
                part = part[np.newaxis]
            along_value = unbroadcast(part, self.shape)
        return along_a, along_value


class Gather(Op):
    """Elements at `index` along `dim`; grad is added up where they came from."""

    op_name = "gather"
    node_name = "GatherBackward0"
    fresh = True

    def forward(self, a: Any, index: Any, *, dim: int) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.places = _places(index, dim)
        return a[self.places]

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        np.add.at(result, self.places, grad)
        return result, None


class ScatterAdd(Op):
    """a with `source` added at `index` along `dim`.  ∂/∂a = grad, ∂/∂source = grad there."""

    op_name = "scatter_add"
    node_name = "ScatterAddBackward0"

    def forward(self, a: Any, index: Any, source: Any, *, dim: int) -> Any:
        self.places = _places(index, dim)
        self.shape = shape_of(source)
        result = a.copy()
        np.add.at(result, self.places, _part(source, index))
        return result

    def backward(self, grad: Any) -> Any:
        return grad, None, _whole(grad[self.places], self.shape) if self.needs(2) else None


class Scatter(Op):
    """a with `source` written at `index` along `dim`; a's gradient is zero there."""

    op_name = "scatter"
    node_name = "ScatterBackward0"
    fresh = True

    def forward(self, a: Any, index: Any, source: Any, *, dim: int) -> Any:
        self.places = _places(index, dim)
        self.shape = shape_of(source)
        result = a.copy()
        result[self.places] = _part(source, index)
        return result

    def backward(self, grad: Any) -> Any:
        along_a = grad.copy()
        along_a[self.places] = 0
        return along_a, None, _whole(grad[self.places], self.shape) if self.needs(2) else None


class IndexSelect(Op):
    """Slices along `dim` by number; grad is added up where they came from."""

    op_name = "index_select"
    node_name = "IndexSelectBackward0"
    fresh = True

    def forward(self, a: Any, index: Any, *, dim: int) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.index, self.dim = index, dim
        return np.take(a, index, dim)

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        np.add.at(np.moveaxis(result, self.dim, 0), self.index, np.moveaxis(grad, self.dim, 0))
        return result, None


def _places(index: Any, dim: int) -> tuple[Any, ...]:
    """Return numpy indices that name the elements at `index` along `dim`."""
    grids = list(np.indices(index.shape, sparse=True))
    grids[dim] = index
    return tuple(grids)


def _part(source: Any, index: Any) -> Any:
    """Return the elements of `source` that `index` has a place for."""
    return source[tuple(map(slice, index.shape))] if shape_of(source) else source


def _whole(part: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with `part` in the corner that was used."""
    if part.shape == shape:
        return part
    result = np.zeros(shape, part.dtype)
    result[tuple(map(slice, part.shape))] = part
    return result
