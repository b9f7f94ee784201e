"""The same elements in another arrangement. Where numpy can, without copying."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.unbroadcast import unbroadcast


class View(Op):
    """The elements in another shape.  ∂/∂a = grad in a's shape."""

    op_name = "view"
    node_name = "ViewBackward0"
    view = True

    def forward(self, a: Any, *, shape: tuple[int, ...]) -> Any:
        self.shape: tuple[int, ...] = a.shape
        return a.reshape(shape)

    def backward(self, grad: Any) -> Any:
        return (grad.reshape(self.shape),)

    backward_tensors = backward


class Reshape(View):
    """The same under the name of `reshape`, which copies where it must."""

    op_name = "reshape"


class Flatten(View):
    """Several dimensions as one."""

    op_name = "flatten"


class Unflatten(View):
    """One dimension as several."""

    op_name = "unflatten"


class Squeeze(View):
    """Without dimensions of size 1."""

    op_name = "squeeze"
    node_name = "SqueezeBackward0"

    def forward(
        self, a: Any, *, shape: tuple[int, ...], node_name: str = "SqueezeBackward0"
    ) -> Any:
        self.node_name = node_name
        return super().forward(a, shape=shape)


class Unsqueeze(View):
    """With one more dimension of size 1."""

    op_name = "unsqueeze"
    node_name = "UnsqueezeBackward0"


class Permute(Op):
    """Dimensions in another order.  ∂/∂a = grad with the order undone."""

    op_name = "permute"
    node_name = "PermuteBackward0"
    view = True

    def forward(self, a: Any, *, dims: tuple[int, ...]) -> Any:
        self.dims = dims
        return a.transpose(dims)

    def backward(self, grad: Any) -> Any:
        return (grad.transpose(np.argsort(self.dims)),)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad.permute(*np.argsort(self.dims).tolist()),)


class Transpose(Permute):
    """Two dimensions swapped."""

    op_name = "transpose"
    node_name = "TransposeBackward0"


class T(Permute):
    """A matrix transposed; vectors stay as they are."""

    op_name = "t"
    node_name = "TBackward0"


class Expand(Op):
    """Dimensions of size 1 repeated without copying.  ∂/∂a = grad summed over the repeats."""

    op_name = "expand"
    node_name = "ExpandBackward0"
    view = True

    def forward(self, a: Any, *, shape: tuple[int, ...]) -> Any:
        self.shape: tuple[int, ...] = a.shape
        result = np.broadcast_to(a, shape)
        if a.flags.writeable and result.size == a.size:  # nothing is there twice
            result.flags.writeable = True
        return result

    def backward(self, grad: Any) -> Any:
        return (unbroadcast(grad, self.shape),)

    backward_tensors = backward


class Flip(Op):
    """Dimensions reversed.  ∂/∂a = grad reversed likewise."""

    op_name = "flip"
    node_name = "FlipBackward0"

    def forward(self, a: Any, *, dims: tuple[int, ...]) -> Any:
        self.dims = dims
        return np.flip(a, dims).copy()

    def backward(self, grad: Any) -> Any:
        return (np.flip(grad, self.dims),)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad.flip(self.dims),)


class Roll(Op):
    """Elements shifted around.  ∂/∂a = grad shifted back."""

    op_name = "roll"
    node_name = "RollBackward0"

    def forward(self, a: Any, *, shifts: Any, dims: Any) -> Any:
        self.shifts, self.dims = shifts, dims
        return np.roll(a, shifts, dims)

    def backward(self, grad: Any) -> Any:
        return (np.roll(grad, self._back(), self.dims),)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad.roll(self._back(), self.dims),)

    def _back(self) -> Any:
        shifts = self.shifts
        return tuple([-shift for shift in shifts]) if isinstance(shifts, tuple) else -shifts


class Rot90(Op):
    """Two dimensions turned by k quarter turns.  ∂/∂a = grad turned back."""

    op_name = "rot90"
    node_name = "Rot90Backward0"

    def forward(self, a: Any, *, k: int, dims: tuple[int, int]) -> Any:
        self.k, self.dims = k, dims
        return np.rot90(a, k, dims).copy()

    def backward(self, grad: Any) -> Any:
        return (np.rot90(grad, -self.k, self.dims),)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad.rot90(-self.k, self.dims),)


class Repeat(Op):
    """The tensor laid side by side with itself.  ∂/∂a = grad summed over the copies."""

    op_name = "repeat"
    node_name = "RepeatBackward0"
    fresh = True

    def forward(self, a: Any, *, repeats: tuple[int, ...]) -> Any:
        self.shape = (1,) * (len(repeats) - a.ndim) + a.shape
        self.original: tuple[int, ...] = a.shape
        self.repeats = repeats
        return np.tile(a, repeats)

    def backward(self, grad: Any) -> Any:
        split, copies = self._split()
        if not split:
            return (grad.copy(),)
        return (np.add.reduce(grad.reshape(split), axis=copies).reshape(self.original),)

    def backward_tensors(self, grad: Any) -> Any:
        split, copies = self._split()
        return (grad.reshape(split).sum(copies).reshape(self.original) if split else grad,)

    def _split(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the shape in which copies have dimensions of their own, and these."""
        split = [n for pair in zip(self.repeats, self.shape, strict=True) for n in pair]
        return tuple(split), tuple(range(0, len(split), 2))


class RepeatInterleave(Op):
    """Each slice along `dim` repeated.  ∂/∂a = grad summed over the repeats."""

    op_name = "repeat_interleave"
    node_name = "RepeatInterleaveBackward0"
    fresh = True

    def forward(self, a: Any, *, repeats: Any, dim: int) -> Any:
        self.shape: tuple[int, ...] = a.shape
        self.dim = dim
        self.source = np.repeat(np.arange(a.shape[dim]), repeats)
        return np.take(a, self.source, dim)

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        np.add.at(np.moveaxis(result, self.dim, 0), self.source, np.moveaxis(grad, self.dim, 0))
        return (result,)

    def backward_tensors(self, grad: Any) -> Any:
        zeros: Any = wrap(np.zeros(self.shape, grad._array.dtype))
        return (zeros.index_add(self.dim, wrap(self.source), grad),)


class Triangle(Op):
    """The part of matrices above (`upper`) or below a diagonal.  ∂/∂a = that part of grad."""

    op_name = "tril"
    node_name = "TrilBackward0"
    fresh = True

    def forward(self, a: Any, *, diagonal: int = 0, upper: bool = False) -> Any:
        self.part = np.triu if upper else np.tril
        self.diagonal = diagonal
        if upper:
            self.shown_as, self.node_name = "triu", "TriuBackward0"
        return self.part(a, diagonal)

    def backward(self, grad: Any) -> Any:
        return (self.part(grad, self.diagonal),)

    def backward_tensors(self, grad: Any) -> Any:
        upper = self.part is np.triu
        return (grad.triu(self.diagonal) if upper else grad.tril(self.diagonal),)
