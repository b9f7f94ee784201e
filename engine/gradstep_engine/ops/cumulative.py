"""Running sums, products and extrema along one dimension."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.joining import Stack
from gradstep_engine.ops.masking import masked_tensor


def from_end(a: Any, dim: int) -> Any:
    """Return running sums from the end."""
    return np.flip(np.cumsum(np.flip(a, dim), axis=dim), dim)


def tensor_from_end(a: Any, dim: int) -> Any:
    """Return running sums of a tensor from the end."""
    return a.flip(dim).cumsum(dim).flip(dim) if a.ndim else a


class Cumsum(Op):
    """Running sums along `dim`.  ∂/∂a = running sums of grad from the end."""

    op_name = "cumsum"
    node_name = "CumsumBackward0"
    fresh = True

    def forward(self, a: Any, *, dim: int) -> Any:
        self.dim = dim
        if not a.shape:
            return a.astype(np.int64) if a.dtype.kind in "iub" else a * 1
        return np.cumsum(a, axis=dim, dtype=np.int64 if a.dtype.kind in "iub" else None)

    def backward(self, grad: Any) -> Any:
        if not grad.shape:
            return (grad * 1,)
        return (from_end(grad, self.dim),)

    def backward_tensors(self, grad: Any) -> Any:
        return (tensor_from_end(grad, self.dim),)


class Cumprod(Op):
    """Running products.  ∂/∂aᵢ = Σ over k ≥ i of grad_k · the product of the others up to k."""

    op_name = "cumprod"
    node_name = "CumprodBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, dim: int) -> Any:
        self.dim = dim
        if not a.shape:
            self.saved = (a, a)
            return a.astype(np.int64) if a.dtype.kind in "iub" else a * 1
        result = np.cumprod(a, axis=dim, dtype=np.int64 if a.dtype.kind in "iub" else None)
        self.saved = (a, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, result = self.saved
        dim = self.dim
        if not a.shape:
            return (grad * 1,)
        if a.shape[dim] == 1:
            return (grad * 1,)
        zero, one = a.dtype.type(0), a.dtype.type(1)
        if np.all(a):
            return (from_end(grad * result, dim) / a,)
        # Before the first zero as ever; at it the products of the others up to the second; then 0.
        hole = np.equal(a, 0)
        passed = np.cumsum(hole, axis=dim)
        before = from_end(np.where(passed == 0, grad * result, zero), dim) / a
        after = np.cumprod(np.where((passed == 1) & ~hole, a, one), axis=dim)
        rest = np.add.reduce(np.where(passed == 1, grad, zero) * after, axis=dim, keepdims=True)
        until = np.roll(result, 1, axis=dim)
        np.moveaxis(until, dim, 0)[0] = 1
        at = np.where((passed == 1) & hole, rest * until, zero)
        return (np.where(passed == 0, before, at),)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        a, dim = self.input(0), self.dim
        if not a.ndim:
            return (grad,)
        if np.all(self.saved[0]):
            return (tensor_from_end(grad * a.cumprod(dim), dim) / a,)
        size = a.shape[dim]
        parts = []
        for i in range(size):
            others = a.masked_fill(wrap(_at(i, dim, a.shape)), 1).cumprod(dim)
            parts.append((grad * others).narrow(dim, i, size - i).sum(dim))
        return (apply(Stack, *parts, dim=dim),)


def _at(index: int, dim: int, shape: tuple[int, ...]) -> Any:
    """Return a mask of ones at `index` along `dim`, ready to broadcast."""
    mask = np.arange(shape[dim]) == index
    return mask.reshape([-1 if axis == dim else 1 for axis in range(len(shape))])


class LogCumSumExp(Op):
    """ln of running sums of eᵃ.  ∂/∂aᵢ = Σ over k ≥ i of grad_k · exp(aᵢ − result_k)."""

    op_name = "logcumsumexp"
    node_name = "LogcumsumexpBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, dim: int) -> Any:
        self.dim = dim
        result = np.logaddexp.accumulate(a, axis=dim) if a.shape else a * 1
        self.saved = (a, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, result = self.saved
        if not a.shape:
            return (grad * 1,)
        # In logarithms, positive and negative gradients apart: exp(−result) may overflow.
        size, least = np.log(np.abs(grad)), np.finfo(grad.dtype).min
        parts = [
            np.exp(_log_from_end(np.where(sign, size, least) - result, self.dim) + a)
            for sign in (grad > 0, grad < 0)
        ]
        return ((parts[0] - parts[1]).astype(grad.dtype, copy=False),)

    def backward_tensors(self, grad: Any) -> Any:
        a, dim = self.input(0), self.dim
        if not a.ndim:
            return (grad,)
        top = a.detach().amax(dim, True)
        # A gradient of NaN has no sign, and counts as none above.
        known = masked_tensor(grad, grad._array == grad._array)
        weighted = known * (top - a.logcumsumexp(dim)).exp()
        return ((a - top).exp() * tensor_from_end(weighted, dim),)


def _log_from_end(a: Any, dim: int) -> Any:
    return np.flip(np.logaddexp.accumulate(np.flip(a, dim), axis=dim), dim)


class CumMax(Op):
    """The largest element so far and its index; the gradient goes to the elements chosen."""

    op_name = "cummax"
    node_name = "CummaxBackward0"
    fresh = True
    extreme: ClassVar[Any] = np.maximum

    def forward(self, a: Any, *, dim: int) -> Any:
        self.dim = dim
        if not a.shape:
            self.saved = (np.int64(0),)
            return a.copy(), np.int64(0)
        values = type(self).extreme.accumulate(a, axis=dim)
        places = np.arange(a.shape[dim]).reshape(
            [-1 if axis == dim else 1 for axis in range(a.ndim)]
        )
        chosen = (a == values) | (a != a)
        indices = np.maximum.accumulate(np.where(chosen, places, 0), axis=dim)
        self.saved = (indices,)
        return values, indices

    def backward(self, grad: Any, _: Any = None) -> Any:
        assert self.saved is not None
        if not grad.shape:
            return (grad * 1,)
        along = np.zeros(grad.shape, grad.dtype)
        places = list(np.indices(grad.shape, sparse=True))
        places[self.dim] = self.saved[0]
        np.add.at(along, tuple(places), grad)
        return (along,)

    def backward_tensors(self, grad: Any, _: Any = None) -> Any:
        assert self.saved is not None
        if not grad.ndim:
            return (grad,)
        zeros = wrap(np.zeros(grad.shape, grad._array.dtype))
        return (zeros.scatter_add(self.dim, wrap(self.saved[0]), grad),)  # type: ignore[attr-defined,unused-ignore]


class CumMin(CumMax):
    """The smallest element so far and its index; the gradient goes to the elements chosen."""

    op_name = "cummin"
    node_name = "CumminBackward0"
    extreme = np.minimum
