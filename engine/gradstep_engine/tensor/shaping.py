"""Views, joins and parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import joining, shape
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.size import Size

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def sizes_of(arguments: tuple[Any, ...]) -> tuple[int, ...]:
    """Return sizes written one by one or as one tuple."""
    if len(arguments) == 1 and isinstance(arguments[0], (tuple, list)):
        arguments = tuple(arguments[0])
    return tuple([int(size) for size in arguments])


def filled_in(wanted: tuple[int, ...], count: int) -> tuple[int, ...]:
    """Return `wanted` with −1 replaced by what `count` elements leave for it.

    Raises:
        RuntimeError: the elements do not fit, or more than one size is open.
    """
    known = math.prod(size for size in wanted if size != -1)
    if wanted.count(-1) > 1:
        raise RuntimeError("only one dimension can be inferred")
    if -1 in wanted:
        if known == 0 or count % known:
            raise RuntimeError(f"shape '{list(wanted)}' is invalid for input of size {count}")
        return tuple([count // known if size == -1 else size for size in wanted])
    if known != count:
        raise RuntimeError(f"shape '{list(wanted)}' is invalid for input of size {count}")
    return wanted


class Shaping(TensorBase):
    """The same elements in another arrangement, sharing memory where torch shares it."""

    @property
    def shape(self) -> Size:
        """The size of every dimension."""
        return Size(self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return int(self._array.ndim)

    @property
    def T(self) -> Tensor:
        """The tensor with all dimensions in reverse order."""
        dims = tuple(range(self._array.ndim))[::-1]
        return apply(shape.Permute, self, dims=dims)  # type: ignore[no-any-return]

    @property
    def mT(self) -> Tensor:
        """The tensor with its last two dimensions swapped."""
        return self.transpose(-2, -1)

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the size of one dimension."""
        if dim is None:
            return Size(self._array.shape)
        return self._array.shape[axis_of(dim, self._array.ndim)]

    def dim(self) -> int:
        """Return the number of dimensions."""
        return int(self._array.ndim)

    def numel(self) -> int:
        """Return the number of elements."""
        return int(self._array.size)

    nelement = numel
    ndimension = dim

    def stride(self, dim: int | None = None) -> Any:
        """Return how many elements apart neighbours are, along every dimension or one."""
        steps = tuple(step // self._array.itemsize for step in self._array.strides)
        return steps if dim is None else steps[axis_of(dim, self._array.ndim)]

    def is_contiguous(self) -> bool:
        """Return whether elements lie in memory in their order."""
        return bool(self._array.flags.c_contiguous)

    def contiguous(self) -> Any:
        """Return the tensor, copied where its elements do not lie in order."""
        return self if self._array.flags.c_contiguous else self.clone()  # type: ignore[attr-defined]

    def view(self, *sizes: Any) -> Tensor:
        """Return the elements in another shape on the same memory.

        Raises:
            RuntimeError: the elements do not fit, or do not lie in memory in that order.
        """
        wanted = filled_in(sizes_of(sizes), self._array.size)
        if not self._array.flags.c_contiguous:
            try:
                self._array.view().shape = wanted  # in place: numpy refuses where it had to copy
            except AttributeError:
                raise RuntimeError(
                    "view size is not compatible with input tensor's size and stride (at least one "
                    "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
                ) from None
        return apply(shape.View, self, shape=wanted)  # type: ignore[no-any-return]

    def view_as(self, other: Tensor) -> Tensor:
        """Return the elements in the shape of `other`."""
        return self.view(other.shape)

    def reshape(self, *sizes: Any) -> Tensor:
        """Return the elements in another shape, copied only where they must be."""
        wanted = filled_in(sizes_of(sizes), self._array.size)
        return apply(shape.Reshape, self, shape=wanted)  # type: ignore[no-any-return]

    def reshape_as(self, other: Tensor) -> Tensor:
        """Return the elements in the shape of `other`."""
        return self.reshape(other.shape)

    def flatten(self, start_dim: int = 0, end_dim: int = -1) -> Tensor:
        """Return the dimensions from `start_dim` to `end_dim` as one."""
        sizes = self._array.shape
        start, end = axis_of(start_dim, len(sizes)), axis_of(end_dim, len(sizes))
        if start > end:
            raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
        if start == end and sizes:
            return self  # type: ignore[return-value]
        merged = (*sizes[:start], math.prod(sizes[start : end + 1]), *sizes[end + 1 :])
        return apply(shape.Flatten, self, shape=merged)  # type: ignore[no-any-return]

    def ravel(self) -> Tensor:
        """Return all elements in one dimension."""
        return self.reshape(-1)

    def unflatten(self, dim: int, sizes: Any) -> Tensor:
        """Return one dimension as several."""
        axis = axis_of(dim, self._array.ndim)
        old = self._array.shape
        new = (*old[:axis], *filled_in(tuple(sizes), old[axis]), *old[axis + 1 :])
        return apply(shape.Unflatten, self, shape=new)  # type: ignore[no-any-return]

    def squeeze(self, dim: Any = None) -> Tensor:
        """Return the tensor without its dimensions of size 1, or without those named."""
        sizes = self._array.shape
        if dim is None:
            chosen = set(range(len(sizes)))
        elif isinstance(dim, (tuple, list)):
            chosen = {axis_of(each, len(sizes)) for each in dim}
        else:
            chosen = {axis_of(dim, len(sizes))}
        left = tuple([n for axis, n in enumerate(sizes) if n != 1 or axis not in chosen])
        node_name = {} if dim is None else {"node_name": "SqueezeBackward1"}
        return apply(shape.Squeeze, self, shape=left, **node_name)  # type: ignore[no-any-return]

    def unsqueeze(self, dim: int) -> Tensor:
        """Return the tensor with a dimension of size 1 at `dim`."""
        sizes = self._array.shape
        axis = axis_of(dim, len(sizes) + 1)
        return apply(shape.Unsqueeze, self, shape=(*sizes[:axis], 1, *sizes[axis:]))  # type: ignore[no-any-return]

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Return the tensor with two dimensions swapped."""
        rank = self._array.ndim
        first, second = axis_of(dim0, rank), axis_of(dim1, rank)
        dims = list(range(rank))
        if rank:
            dims[first], dims[second] = second, first
        return apply(shape.Transpose, self, dims=tuple(dims))  # type: ignore[no-any-return]

    swapaxes = swapdims = transpose

    def t(self) -> Tensor:
        """Return a matrix transposed; a vector stays as it is.

        Raises:
            RuntimeError: the tensor has more than two dimensions.
        """
        rank = self._array.ndim
        if rank > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {rank}D")
        return apply(shape.T, self, dims=tuple(range(rank))[::-1])  # type: ignore[no-any-return]

    def permute(self, *dims: Any) -> Tensor:
        """Return the tensor with its dimensions in the given order."""
        rank = self._array.ndim
        wanted = sizes_of(dims)
        if len(wanted) != rank:
            raise RuntimeError(
                "permute(sparse_coo): number of dimensions in the tensor input does not match the "
                f"length of the desired ordering of dimensions i.e. input.dim() = {rank} is not "
                f"equal to len(dims) = {len(wanted)}"
            )
        order = tuple([axis_of(dim, rank) for dim in wanted])
        if len(set(order)) < rank:
            raise RuntimeError("permute(): duplicate dims are not allowed.")
        return apply(shape.Permute, self, dims=order)  # type: ignore[no-any-return]

    def movedim(self, source: int, destination: int) -> Tensor:
        """Return the tensor with one dimension moved elsewhere."""
        rank = self._array.ndim
        order = [axis for axis in range(rank) if axis != axis_of(source, rank)]
        order.insert(axis_of(destination, rank), axis_of(source, rank))
        return apply(shape.Permute, self, dims=tuple(order))  # type: ignore[no-any-return]

    def expand(self, *sizes: Any) -> Tensor:
        """Return dimensions of size 1 repeated, without copying; −1 keeps a size."""
        wanted, own = list(sizes_of(sizes)), self._array.shape
        extra = len(wanted) - len(own)
        if extra < 0:
            raise RuntimeError(
                f"expand(torch.{self.type().partition('.')[2]}{{{list(own)}}}, "  # type: ignore[attr-defined]
                f"size={list(wanted)}): the number of sizes provided ({len(wanted)}) must be "
                f"greater or equal to the number of dimensions in the tensor ({len(own)})"
            )
        asked = list(wanted)
        for axis, size in reversed(list(enumerate(own))):
            if wanted[axis + extra] == -1:
                wanted[axis + extra] = size
            elif size not in (1, wanted[axis + extra]):
                raise RuntimeError(
                    f"The expanded size of the tensor ({wanted[axis + extra]}) must match the "
                    f"existing size ({size}) at non-singleton dimension {axis + extra}.  Target "
                    f"sizes: {asked}.  Tensor sizes: {list(own)}"
                )
        return apply(shape.Expand, self, shape=tuple(wanted))  # type: ignore[no-any-return]

    def expand_as(self, other: Tensor) -> Tensor:
        """Return the tensor expanded to the shape of `other`."""
        return self.expand(other.shape)

    broadcast_to = expand

    def flip(self, *dims: Any) -> Tensor:
        """Return a copy with dimensions reversed."""
        axes = tuple([axis_of(dim, self._array.ndim) for dim in sizes_of(dims)])
        return apply(shape.Flip, self, dims=axes)  # type: ignore[no-any-return]

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """Return a copy with elements shifted around."""
        return apply(shape.Roll, self, shifts=shifts, dims=dims)  # type: ignore[no-any-return]

    def repeat(self, *sizes: Any) -> Tensor:
        """Return copies laid side by side."""
        repeats = sizes_of(sizes)
        if len(repeats) < self._array.ndim:
            raise RuntimeError(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions "
                "of tensor"
            )
        return apply(shape.Repeat, self, repeats=repeats)  # type: ignore[no-any-return]

    def tile(self, *dims: Any) -> Tensor:
        """Return copies laid side by side; missing counts in front are 1."""
        repeats = sizes_of(dims)
        return self.repeat((1,) * (self._array.ndim - len(repeats)) + repeats)

    def repeat_interleave(self, repeats: Any, dim: int | None = None) -> Tensor:
        """Return a copy with each element (or slice along `dim`) repeated."""
        source: Any = self.reshape(-1) if dim is None else self
        count = repeats._array if isinstance(repeats, TensorBase) else repeats
        axis = 0 if dim is None else axis_of(dim, self._array.ndim)
        return apply(shape.RepeatInterleave, source, repeats=count, dim=axis)  # type: ignore[no-any-return]

    def tril(self, diagonal: int = 0) -> Tensor:
        """Return the part of matrices on and below a diagonal."""
        return apply(shape.Triangle, self, diagonal=diagonal)  # type: ignore[no-any-return]

    def triu(self, diagonal: int = 0) -> Tensor:
        """Return the part of matrices on and above a diagonal."""
        return apply(shape.Triangle, self, diagonal=diagonal, upper=True)  # type: ignore[no-any-return]

    def split(self, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Return pieces of a size (the last may be smaller), or of the given sizes."""
        axis = axis_of(dim, self._array.ndim)
        length = self._array.shape[axis]
        name = "SplitBackward0" if isinstance(split_size, int) else "SplitWithSizesBackward0"
        if isinstance(split_size, int):
            sizes = [split_size] * (length // split_size)
            sizes += [length % split_size] if length % split_size else []
        else:
            sizes = list(split_size)
            if sum(sizes) != length:
                raise RuntimeError(
                    "split_with_sizes expects split_sizes to sum exactly to "
                    f"{length} (input tensor's size at dimension {axis}), but got "
                    f"split_sizes={sizes}"
                )
        return apply(joining.Split, self, sizes=tuple(sizes), dim=axis, node_name=name)  # type: ignore[no-any-return]

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """Return at most `chunks` pieces of equal size (the last may be smaller)."""
        length = self._array.shape[axis_of(dim, self._array.ndim)]
        return self.split(max(-(-length // chunks), 1), dim)

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """Return the slices along `dim`."""
        return apply(joining.Unbind, self, dim=axis_of(dim, self._array.ndim))  # type: ignore[no-any-return]
