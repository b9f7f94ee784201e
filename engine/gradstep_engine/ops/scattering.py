"""Elements and slices along one dimension, chosen by an index tensor."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.indexing import placed_in_zeros
from gradstep_engine.ops.unbroadcast import shape_of


class AlongIndex(Op):
    """What gather and the scatters share: which elements `index` means along `dim`.

    The index is an input without gradient; a change of it in place before backward is noticed.
    """

    saves: tuple[int, ...] = (1,)

    def _note(self, index: Any, dim: int) -> None:
        self.index, self.dim = index, dim
        self.places = places(index, dim)
        self.saved = (index,)


class Gather(AlongIndex):
    """Elements at `index` along `dim`; grad is added up where they came from."""

    op_name = "gather"
    node_name = "GatherBackward0"
    fresh = True

    def forward(self, a: Any, index: Any, *, dim: int) -> Any:
        self._note(index, dim)
        self.shape: tuple[int, ...] = a.shape
        return a[self.places]

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        np.add.at(result, self.places, grad)
        return result, None

    def backward_tensors(self, grad: Any) -> Any:
        zeros: Any = wrap(np.zeros(self.shape, grad._array.dtype))
        return zeros.scatter_add(self.dim, wrap(self.index), grad), None


class ScatterAdd(AlongIndex):
    """a with `source` added at `index` along `dim`.  ∂/∂a = grad, ∂/∂source = grad there."""

    op_name = "scatter_add"
    node_name = "ScatterAddBackward0"

    def forward(self, a: Any, index: Any, source: Any, *, dim: int) -> Any:
        self._note(index, dim)
        self.shape = shape_of(source)
        result = np.array(a)
        np.add.at(result, self.places, _part(source, index))
        return result

    def backward(self, grad: Any) -> Any:
        return grad, None, _whole(grad[self.places], self.shape) if self.needs(2) else None

    def backward_tensors(self, grad: Any) -> Any:
        along_source = None
        if self.needs(2):
            along_source = _whole_tensor(grad.gather(self.dim, wrap(self.index)), self.shape)
        return grad, None, along_source


class Scatter(AlongIndex):
    """a with `source` written at `index` along `dim`; a's gradient is zero there."""

    op_name = "scatter"
    node_name = "ScatterBackward0"
    fresh = True

    def forward(self, a: Any, index: Any, source: Any, *, dim: int) -> Any:
        self._note(index, dim)
        self.shape = shape_of(source)
        if not isinstance(source, np.ndarray):
            self.node_name = "ScatterBackward1"
        result = np.array(a)
        result[self.places] = _part(source, index)
        return result

    def backward(self, grad: Any) -> Any:
        along_a = None
        if self.needs(0):
            along_a = np.array(grad)
            along_a[self.places] = 0
        return along_a, None, _whole(grad[self.places], self.shape) if self.needs(2) else None

    def backward_tensors(self, grad: Any) -> Any:
        index = wrap(self.index)
        along_source = None
        if self.needs(2):
            along_source = _whole_tensor(grad.gather(self.dim, index), self.shape)
        return grad.scatter(self.dim, index, 0.0) if self.needs(0) else None, None, along_source


class ScatterReduce(AlongIndex):
    """a with `source` combined at `index` along `dim` by prod, mean, amax or amin.

    prod: ∂ = grad · result / (the factor);  mean: ∂ = grad / count;  amax, amin: equal ones share
    the gradient evenly. Without `include_self` the elements of a that are written to do not count.
    """

    op_name = "scatter_reduce"
    node_name = "ScatterReduceBackward0"
    saves = (0, 1, 2)
    fresh = True

    def forward(
        self, a: Any, index: Any, source: Any, *, dim: int, reduce: str, include_self: bool = True
    ) -> Any:
        self._note(index, dim)
        self.reduce, self.include_self = reduce, include_self
        part = _part(source, index)
        result = np.array(a)
        if not include_self:
            result[self.places] = _neutral(reduce, result.dtype)
        if reduce == "mean":
            np.add.at(result, self.places, part)
            count = self._count(result.shape, result.dtype)
            result = result // count if result.dtype.kind in "iu" else result / count
        else:
            combine: Any = {"prod": np.multiply, "amax": np.maximum, "amin": np.minimum}[reduce]
            combine.at(result, self.places, part)
        self.saved = (a, index, source, result)
        return result

    def _count(self, shape: tuple[int, ...], dtype: Any) -> Any:
        """Return how many values each element of the result is the mean of."""
        count = np.ones(shape, dtype)
        if not self.include_self:
            count[self.places] = 0
        np.add.at(count, self.places, 1)
        return np.where(count == 0, dtype.type(1), count)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, index, source, result = self.saved
        part = _part(source, index)
        kept = np.ones(a.shape, grad.dtype)
        if not self.include_self:
            kept[self.places] = 0
        if self.reduce == "mean":
            along_a = grad / self._count(a.shape, grad.dtype)
            along_part = along_a[self.places]
        elif self.reduce == "prod":
            along_a, along_part = self._of_product(grad, a, part, result)
        else:
            hit_a = (a == result) * kept
            hit_part = (part == result[self.places]).astype(grad.dtype)
            count = hit_a.copy()
            np.add.at(count, self.places, hit_part)
            share = grad / count
            along_a, along_part = share * hit_a, share[self.places] * hit_part
        return along_a * kept, None, _whole(along_part, source.shape)

    def _of_product(self, grad: Any, a: Any, part: Any, result: Any) -> tuple[Any, Any]:
        """Return the gradients along both: those of a zero from the product without it."""
        one = a.dtype.type(1)
        kept_a = np.where(a == 0, one, a)
        without = np.array(kept_a)
        if not self.include_self:
            without[self.places] = one
        np.multiply.at(without, self.places, part)
        along_a = grad * without / kept_a
        zero = part == 0
        zeros = np.zeros(a.shape, np.int64)
        np.add.at(zeros, self.places, zero)
        only = zero & (zeros[self.places] == 1)
        others = np.array(a)
        if not self.include_self:
            others[self.places] = one
        np.multiply.at(others, self.places, np.where(only, one, part))
        usual = (grad * result)[self.places] / np.where(zero, one, part)
        return along_a, np.where(only, (grad * others)[self.places], usual)

    def backward_tensors(self, grad: Any) -> Any:
        if self.reduce == "prod":
            return super().backward_tensors(grad)
        # Linear in grad with fixed shares: what grad becomes for ones are the factors.
        assert self.saved is not None
        source = self.saved[2]
        ones = np.ones(grad.shape, grad._array.dtype)
        for_a, _, for_source = self.backward(ones)
        whole = _whole_tensor(grad.gather(self.dim, wrap(self.index)), source.shape)
        return grad * wrap(for_a), None, whole * wrap(for_source)


class IndexSelect(Op):
    """Slices along `dim` by number; grad is added up where they came from."""

    op_name = "index_select"
    node_name = "IndexSelectBackward0"
    saves = (1,)
    fresh = True

    def forward(self, a: Any, index: Any, *, dim: int) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.saved = (index,)
        self.dim = dim
        return np.take(a, index, dim)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        result = np.zeros(self.shape, grad.dtype)
        np.add.at(np.moveaxis(result, self.dim, 0), self.saved[0], np.moveaxis(grad, self.dim, 0))
        return result, None

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        zeros: Any = wrap(np.zeros(self.shape, grad._array.dtype))
        return zeros.index_add(self.dim, wrap(self.saved[0]), grad), None


class IndexAdd(Op):
    """a with alpha · source added to slices along `dim`.  ∂/∂source = alpha · grad's slices."""

    op_name = "index_add"
    node_name = "IndexAddBackward0"
    saves = (1,)

    def forward(self, a: Any, index: Any, source: Any, *, dim: int, alpha: float = 1) -> Any:
        self.saved = (index,)
        self.dim, self.alpha = dim, alpha
        result = np.array(a)
        added = source if alpha == 1 else source * source.dtype.type(alpha)
        np.add.at(np.moveaxis(result, dim, 0), index, np.moveaxis(added, dim, 0))
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        if not self.needs(2):
            return grad, None, None
        part = np.take(grad, self.saved[0], self.dim)
        return grad, None, part if self.alpha == 1 else part * self.alpha

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        if not self.needs(2):
            return grad, None, None
        part = grad.index_select(self.dim, wrap(self.saved[0]))
        return grad, None, part if self.alpha == 1 else part * self.alpha


def places(index: Any, dim: int) -> tuple[Any, ...]:
    """Return numpy indices that name the elements at `index` along `dim`."""
    shape = index.shape
    rank = len(shape)
    if rank == 1:
        return (index,)
    # What np.indices(sparse=True) gives, in a third of its time.
    return tuple(
        [
            index
            if axis == dim
            else np.arange(size).reshape((1,) * axis + (size,) + (1,) * (rank - axis - 1))
            for axis, size in enumerate(shape)
        ]
    )


def _neutral(reduce: str, dtype: Any) -> Any:
    """Return the value that changes nothing when combined by `reduce`."""
    if reduce in ("prod", "mean"):
        return 1 if reduce == "prod" else 0
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    largest = np.inf if dtype.kind == "f" else limits.max
    return (-np.inf if dtype.kind == "f" else limits.min) if reduce == "amax" else largest


def _part(source: Any, index: Any) -> Any:
    """Return the elements of `source` that `index` has a place for."""
    return source[tuple(map(slice, index.shape))] if shape_of(source) else source


def _whole(part: Any, shape: tuple[int, ...]) -> Any:
    """Return zeros of `shape` with `part` in the corner that was used."""
    if part.shape == shape:
        return part
    if not shape:
        return np.add.reduce(part, axis=None)
    result = np.zeros(shape, part.dtype)
    result[tuple(map(slice, part.shape))] = part
    return result


def _whole_tensor(part: Any, shape: tuple[int, ...]) -> Any:
    """Return what `_whole` does, for a tensor."""
    if part.shape == shape:
        return part
    if not shape:
        return part.sum()
    return placed_in_zeros(part, tuple(map(slice, part.shape)), shape)
