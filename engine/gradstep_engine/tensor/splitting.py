"""A tensor taken apart, and laid side by side with itself."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops import joining, shape
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.shaping import sizes_of

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Splitting(TensorBase):
    """Pieces as views, and repeats as copies."""

    def split(self, split_size: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Return pieces of a size (the last may be smaller), or of the given sizes.

        Raises:
            RuntimeError: the sizes do not add up.
        """
        if not isinstance(split_size, int):
            return self.split_with_sizes(split_size, dim)
        sizes = self._even(split_size, dim)
        axis = axis_of(dim, self._array.ndim)
        return apply(joining.Split, self, sizes=sizes, dim=axis, node_name="SplitBackward0")  # type: ignore[no-any-return]

    def _even(self, size: int, dim: int) -> tuple[int, ...]:
        if not self._array.ndim:
            raise RuntimeError("split expects at least a 1-dimensional tensor")
        if size < 0:
            raise RuntimeError(
                f"split expects split_size be non-negative, but got split_size={size}"
            )
        length: int = self._array.shape[axis_of(dim, self._array.ndim)]
        if size == 0:
            if length:
                raise RuntimeError(
                    "split_size can only be 0 if dimension size is 0, but got dimension size of "
                    f"{length}"
                )
            return (0,)
        whole, left = divmod(length, size)
        return (size,) * whole + ((left,) if left or not length else ())

    def split_with_sizes(self, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Return pieces of the given sizes.

        Raises:
            RuntimeError: the sizes do not add up.
        """
        axis = axis_of(dim, self._array.ndim)
        length, sizes = self._array.shape[axis], [int(size) for size in split_sizes]
        if sum(sizes) != length or min(sizes, default=0) < 0:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {length} (input tensor's "
                f"size at dimension {dim}), but got split_sizes={sizes}"
            )
        return self._pieces(sizes, axis)

    def _pieces(self, sizes: list[int], axis: int) -> tuple[Tensor, ...]:
        name = "SplitWithSizesBackward0"
        return apply(joining.Split, self, sizes=tuple(sizes), dim=axis, node_name=name)  # type: ignore[no-any-return]

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """Return at most `chunks` pieces of equal size (the last may be smaller)."""
        if not self._array.ndim:
            raise RuntimeError("chunk expects at least a 1-dimensional tensor")
        if chunks <= 0:
            raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
        length = self._array.shape[axis_of(dim, self._array.ndim)]
        if not length:
            return self._pieces([0] * chunks, axis_of(dim, self._array.ndim))
        return self.split(-(-length // chunks), dim)

    def unsafe_split(self, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
        """Return what `split` returns, as copies that may be changed in place."""
        return tuple(piece.clone() for piece in self.split(split_size, dim))

    def unsafe_split_with_sizes(self, split_sizes: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Return what `split_with_sizes` returns, as copies that may be changed in place."""
        return tuple(piece.clone() for piece in self.split_with_sizes(split_sizes, dim))

    def unsafe_chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """Return what `chunk` returns, as copies that may be changed in place."""
        return tuple(piece.clone() for piece in self.chunk(chunks, dim))

    def tensor_split(self, indices_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
        """Return so many pieces (the first ones longer by one), or pieces that end at indices."""
        if not self._array.ndim:
            raise RuntimeError(
                "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 "
                "dims"
            )
        axis = axis_of(dim, self._array.ndim)
        length = self._array.shape[axis]
        given = indices_or_sections
        if isinstance(given, TensorBase):
            given = given._array.tolist()
        before = (slice(None),) * axis
        if isinstance(given, int):
            if given <= 0:
                raise RuntimeError(f"number of sections must be larger than 0, got {given}")
            size, longer = divmod(length, given)
            ends = [(n + 1) * size + min(n + 1, longer) for n in range(given)]
            places = [slice(start, end) for start, end in pairwise([0, *ends])]
        else:
            places = [slice(start, end) for start, end in pairwise([0, *given])]
            places.append(slice(given[-1] if given else 0, length))
        whole: Any = self
        return tuple(whole[(*before, place)] for place in places)

    def hsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """Return pieces along the second dimension, or the first of a vector."""
        self._check_split("hsplit", 1, 0 if self._array.ndim == 1 else 1, indices_or_sections)
        return self.tensor_split(indices_or_sections, 0 if self._array.ndim == 1 else 1)

    def vsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """Return pieces along the first dimension."""
        self._check_split("vsplit", 2, 0, indices_or_sections)
        return self.tensor_split(indices_or_sections, 0)

    def dsplit(self, indices_or_sections: Any) -> tuple[Tensor, ...]:
        """Return pieces along the third dimension."""
        self._check_split("dsplit", 3, 2, indices_or_sections)
        return self.tensor_split(indices_or_sections, 2)

    def _check_split(self, name: str, least: int, axis: int, sections: Any) -> None:
        rank = self._array.ndim
        if rank < least:
            raise RuntimeError(
                f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor "
                f"with {rank} dimensions!"
            )
        length = self._array.shape[axis]
        if isinstance(sections, int) and (sections <= 0 or length % sections):
            raise RuntimeError(
                f"torch.{name} attempted to split along dimension {axis}, but the size of the "
                f"dimension {length} is not divisible by the split_size {sections}!"
            )

    def unbind(self, dim: int = 0) -> tuple[Tensor, ...]:
        """Return the slices along `dim`."""
        if not self._array.ndim:
            axis_of(dim, 0)
            raise RuntimeError("dimension specified as 0 but tensor has no dimensions")
        return apply(joining.Unbind, self, dim=axis_of(dim, self._array.ndim))  # type: ignore[no-any-return]

    def repeat(self, *repeats: Any) -> Tensor:
        """Return copies laid side by side."""
        counts = sizes_of(repeats)
        if len(counts) < self._array.ndim:
            raise RuntimeError(
                "Number of dimensions of repeat dims can not be smaller than number of dimensions "
                "of tensor"
            )
        if any(count < 0 for count in counts):
            raise RuntimeError(f"Trying to create tensor with negative dimension {min(counts)}")
        return apply(shape.Repeat, self, repeats=counts)  # type: ignore[no-any-return]

    def tile(self, *dims: Any) -> Tensor:
        """Return copies laid side by side; missing counts in front are 1."""
        repeats = sizes_of(dims)
        return self.repeat((1,) * (self._array.ndim - len(repeats)) + repeats)

    def repeat_interleave(
        self, repeats: Any, dim: int | None = None, *, output_size: int | None = None
    ) -> Tensor:
        """Return a copy with each element (or slice along `dim`) repeated.

        Raises:
            RuntimeError: negative counts, or not one per slice.
        """
        source: Any = self.reshape(-1) if dim is None or not self._array.ndim else self  # type: ignore[attr-defined]
        axis = axis_of(0 if dim is None else dim, self._array.ndim)
        count = np.asarray(repeats._array if isinstance(repeats, TensorBase) else repeats)
        length = source._array.shape[axis]
        if count.dtype.kind not in "iu":
            raise RuntimeError("repeats has to be Long or Int tensor")
        if count.ndim > 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
        if count.size and count.min() < 0:
            raise RuntimeError("Repeats must be non-negative")
        if count.size not in (1, length):
            raise RuntimeError(
                "repeats must have the same size as input along dim, but got repeats.size(0) = "
                f"{count.size} and input.size({axis}) = {length}"
            )
        made = int(count.sum()) * (length if count.size == 1 and length != 1 else 1)
        if output_size is not None and output_size != made:
            raise RuntimeError(
                f"repeat_interleave: Invalid output_size, expected {made} but got {output_size}"
            )
        return apply(shape.RepeatInterleave, source, repeats=count, dim=axis)  # type: ignore[no-any-return]


def repeat_interleave(input: Tensor, repeats: Any = None, *args: Any, **kwargs: Any) -> Tensor:
    """Return `input` with elements repeated; counts alone give the number of each place."""
    if repeats is None:
        counts = input._array
        return wrap(np.repeat(np.arange(len(counts)), counts))
    whole: Any = input
    return whole.repeat_interleave(repeats, *args, **kwargs)  # type: ignore[no-any-return]
