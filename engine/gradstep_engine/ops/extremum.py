"""The largest, the smallest, their places, and orders of elements."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.masking import masked, weighted_tensor
from gradstep_engine.ops.reduction import Axes, Reduction


def check_not_empty(name: str, a: Any, dim: int | None) -> None:
    """Refuse to look for one element among none.

    Raises:
        IndexError: the dimension, or without one the whole array, is empty.
    """
    if dim is None and not a.size:
        raise IndexError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. "
            "Specify the reduction dim with the 'dim' argument."
        )
    if dim is not None and a.shape and not a.shape[dim]:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")


class Max(Reduction):
    """The largest element; equal ones share the gradient evenly."""

    op_name = "max"
    node_name = "MaxBackward1"
    saves = (0,)
    fresh = True
    reduce: ClassVar[Any] = np.max
    follows_nan: ClassVar[bool] = True
    """Whether a result of NaN gives the gradient to the NaN among the elements, and 0 to others."""

    def forward(self, a: Any, *, dim: Axes = None, keepdim: bool = False) -> Any:
        self._note(a, dim, keepdim)
        if not a.size and dim is None:
            raise RuntimeError(
                f"{self.op_name}(): Expected reduction dim to be specified for input.numel() == 0. "
                "Specify the reduction dim with the 'dim' argument."
            )
        for axis in dim or ():
            check_not_empty(self.op_name, a, axis)
        result = type(self).reduce(a, axis=dim, keepdims=keepdim)
        self.saved = (a, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, result = self.saved
        hit = a == self._spread(result)
        if self.follows_nan and a.dtype.kind == "f" and np.isnan(np.add.reduce(result, axis=None)):
            hit = hit | (np.isnan(a) & np.isnan(self._spread(result)))
        count = np.add.reduce(hit.astype(grad.dtype), axis=self.axes, keepdims=True)
        share = self._spread(grad) / (count if a.shape else 1)
        return (masked(share, hit) if self.follows_nan else share * hit,)

    def backward_tensors(self, grad: Any) -> Any:
        shares = self.backward(np.ones(grad.shape, grad._array.dtype))[0]
        if self.follows_nan:
            return (weighted_tensor(self._spread(grad), shares),)
        return (self._spread(grad) * wrap(shares),)


class Min(Max):
    """The smallest element; equal ones share the gradient evenly."""

    op_name = "min"
    node_name = "MinBackward1"
    reduce = np.min


class Amax(Max):
    """The largest elements along several dimensions."""

    op_name = "amax"
    follows_nan = False
    node_name = "AmaxBackward0"


class Amin(Min):
    """The smallest elements along several dimensions."""

    op_name = "amin"
    follows_nan = False
    node_name = "AminBackward0"


class Picked(Op):
    """Elements picked along one dimension; the gradient goes back to the places picked.

    Subclasses return (values, indices) and keep the indices in `saved`.
    """

    fresh = True

    def _pick(self, a: Any, indices: Any, dim: int, keepdim: bool) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.dim, self.keepdim = dim, keepdim
        self.saved = (indices,)
        if not a.shape:
            return a.copy(), np.int64(0)
        values = np.take_along_axis(a, indices, dim)
        if keepdim:
            return values, indices
        return np.squeeze(values, dim), np.squeeze(indices, dim)

    def backward(self, grad: Any, _: Any = None) -> Any:
        assert self.saved is not None
        if grad is None:
            return (None,)
        if not self.shape:
            return (grad * 1,)
        spread = grad if self.keepdim else np.expand_dims(grad, self.dim)
        result = np.zeros(self.shape, grad.dtype)
        np.put_along_axis(result, self.saved[0], spread, self.dim)
        return (result,)

    def backward_tensors(self, grad: Any, _: Any = None) -> Any:
        assert self.saved is not None
        if grad is None or not self.shape:
            return (grad,)
        spread = grad if self.keepdim else grad.unsqueeze(self.dim)
        zeros: Any = wrap(np.zeros(self.shape, grad._array.dtype))
        return (zeros.scatter(self.dim, wrap(self.saved[0]), spread),)


class MaxDim(Picked):
    """The largest element along one dimension and its index (the first of equal ones)."""

    op_name = "max"
    node_name = "MaxBackward0"

    def forward(self, a: Any, *, dim: int, keepdim: bool = False) -> Any:
        check_not_empty("max", a, dim)
        indices = np.expand_dims(np.argmax(a, dim), dim) if a.shape else None
        return self._pick(a, indices, dim, keepdim)


class MinDim(Picked):
    """The smallest element along one dimension and its index (the first of equal ones)."""

    op_name = "min"
    node_name = "MinBackward0"

    def forward(self, a: Any, *, dim: int, keepdim: bool = False) -> Any:
        check_not_empty("min", a, dim)
        indices = np.expand_dims(np.argmin(a, dim), dim) if a.shape else None
        return self._pick(a, indices, dim, keepdim)


class Sort(Picked):
    """Elements in order along one dimension, and where each was (stable)."""

    op_name = "sort"
    node_name = "SortBackward0"

    def forward(self, a: Any, *, dim: int, descending: bool = False) -> Any:
        return self._pick(a, order(a, dim, descending), dim, True)


class TopK(Picked):
    """The k largest (or smallest) elements along one dimension, in order, and their indices."""

    op_name = "topk"
    node_name = "TopkBackward0"

    def forward(self, a: Any, *, k: int, dim: int, largest: bool = True) -> Any:
        if a.shape and k > a.shape[dim]:
            raise RuntimeError("selected index k out of range")
        indices = np.take(order(a, dim, largest), range(k), dim) if a.shape else None
        return self._pick(a, indices, dim, True)


def order(a: Any, dim: int, descending: bool) -> Any:
    """Return the indices that sort `a` along `dim`; equal elements keep their order."""
    if not a.shape:
        return np.int64(0)
    if not descending:
        return np.argsort(a, dim, kind="stable")
    backwards = np.argsort(np.flip(a, dim), dim, kind="stable")
    return a.shape[dim] - 1 - np.flip(backwards, dim)


class Argmax(Op):
    """The index of the largest element (the first of equal ones)."""

    op_name = "argmax"
    differentiable = False

    def forward(self, a: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
        check_not_empty("argmax", a, dim)
        return np.argmax(a, axis=dim if a.shape else None, keepdims=keepdim)


class Argmin(Op):
    """The index of the smallest element (the first of equal ones)."""

    op_name = "argmin"
    differentiable = False

    def forward(self, a: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
        check_not_empty("argmin", a, dim)
        return np.argmin(a, axis=dim if a.shape else None, keepdims=keepdim)


class Argsort(Op):
    """The indices that sort along one dimension."""

    op_name = "argsort"
    differentiable = False

    def forward(self, a: Any, *, dim: int, descending: bool = False) -> Any:
        return order(a, dim, descending)
