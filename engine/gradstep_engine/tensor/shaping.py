"""Views, joins and parts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.function import apply, materialise
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.missing import missing
from gradstep_engine.ops import shape, windows
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.ops.shape import Reshape
from gradstep_engine.ops.unbroadcast import unbroadcast
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


new_tuple = tuple.__new__  # past the checks of Size: numpy's shapes are whole numbers


class Shaping(TensorBase):
    """The same elements in another arrangement, sharing memory where torch shares it."""

    @property
    def shape(self) -> Size:
        """The size of every dimension."""
        return new_tuple(Size, self._array.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return int(self._array.ndim)

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

    def view(self, *sizes: Any, size: Any = None, dtype: Any = None) -> Tensor:
        """Return the elements in another shape on the same memory.

        Raises:
            RuntimeError: the elements do not fit, or do not lie in memory in that order.
        """
        if not sizes:
            sizes = (size if dtype is None else dtype,) if size is not None or dtype else ()
        if len(sizes) == 1 and not isinstance(sizes[0], (int, tuple, list)):
            if isinstance(sizes[0], dtypes.dtype):
                return self._reinterpreted(sizes[0])
            sizes = (int(sizes[0]),)
        wanted = filled_in(sizes_of(sizes), self._array.size)
        array = self._array
        # Numpy copies where it must: then the elements lie elsewhere.
        if not array.flags.c_contiguous and not np.may_share_memory(array, array.reshape(wanted)):
            raise RuntimeError(
                "view size is not compatible with input tensor's size and stride (at least one "
                "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
            )
        return apply(shape.View, self, shape=wanted)  # type: ignore[no-any-return]

    def _reinterpreted(self, dtype: dtypes.dtype) -> Tensor:
        """Return the same bytes read as another type; nothing can be recorded."""
        array = self._array
        if dtype.numpy == array.dtype:
            return apply(shape.View, self, shape=array.shape)  # type: ignore[no-any-return]
        if dtype.itemsize != array.itemsize and not array.ndim:
            raise RuntimeError(
                "self.dim() cannot be 0 to view "
                f"{dtypes.of_numpy(array.dtype).cpu_type} as {dtype.cpu_type} (different element "
                "sizes)"
            )
        times = dtype.itemsize // array.itemsize
        if times > 1 and array.shape[-1] % times:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {times} to view "
                f"{dtypes.of_numpy(array.dtype).cpu_type} as {dtype.cpu_type} (different element "
                f"sizes), but got {array.shape[-1]}"
            )
        materialise(self)
        result = wrap(self._array.view(dtype.numpy))
        result._version_box = self._box()
        return result

    def view_as(self, other: Tensor) -> Tensor:
        """Return the elements in the shape of `other`."""
        return self.view(other.shape)

    def reshape(self, *sizes: Any, shape: Any = None) -> Tensor:
        """Return the elements in another shape, copied only where they must be."""
        if shape is not None:
            sizes = (shape,)
        wanted = filled_in(sizes_of(sizes), self._array.size)
        return apply(Reshape, self, shape=wanted)  # type: ignore[no-any-return]

    def as_strided(self, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
        """Return elements at given distances in memory (a view).

        Raises:
            RuntimeError: that would look outside the memory.
            MissingFeatureError: this tensor is itself a view that does not lie in memory in order.
        """
        root: Any = self if self._base is None else self._base
        if not root._array.flags.c_contiguous:
            raise missing("as_strided() of memory with gaps")
        start = self.storage_offset() if storage_offset is None else storage_offset  # type: ignore[attr-defined]
        sizes, steps = tuple(map(int, size)), tuple(map(int, stride))
        if len(sizes) != len(steps):
            raise RuntimeError("mismatch in length of strides and shape")
        last = start + sum(step * (n - 1) for n, step in zip(sizes, steps, strict=True))
        if 0 not in sizes and last >= root._array.size:
            width = self._array.itemsize
            raise RuntimeError(
                f"setStorage: sizes {list(sizes)}, strides {list(steps)}, storage offset {start}, "
                f"and itemsize {width} requiring a storage size of {(last + 1) * width} are out of "
                f"bounds for storage of size {root._array.nbytes}"
            )
        return apply(windows.AsStrided, root, size=sizes, stride=steps, start=start)  # type: ignore[no-any-return]

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
        if not sizes:
            raise RuntimeError("unflatten: sizes must be non-empty")
        try:
            parts = filled_in(tuple(int(size) for size in sizes), old[axis])
        except RuntimeError:
            if list(sizes).count(-1) > 1:
                raise
            raise RuntimeError(
                f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim "
                f"{axis} ({old[axis]}) in the input tensor"
            ) from None
        new = (*old[:axis], *parts, *old[axis + 1 :])
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

    def expand(self, *sizes: Any, size: Any = None, implicit: bool = False) -> Tensor:
        """Return dimensions of size 1 repeated, without copying; −1 keeps a size."""
        if size is not None:
            sizes = (size,)
        wanted, own = list(sizes_of(sizes)), self._array.shape
        extra = len(wanted) - len(own)
        if extra < 0:
            raise RuntimeError(
                f"expand(torch.{self.type().partition('.')[2]}{{{list(own)}}}, "  # type: ignore[attr-defined]
                f"size={list(wanted)}): the number of sizes provided ({len(wanted)}) must be "
                f"greater or equal to the number of dimensions in the tensor ({len(own)})"
            )
        asked = list(wanted)
        for axis, length in reversed(list(enumerate(own))):
            if wanted[axis + extra] == -1:
                wanted[axis + extra] = length
            elif length not in (1, wanted[axis + extra]):
                raise RuntimeError(
                    f"The expanded size of the tensor ({wanted[axis + extra]}) must match the "
                    f"existing size ({length}) at non-singleton dimension {axis + extra}.  Target "
                    f"sizes: {asked}.  Tensor sizes: {list(own)}"
                )
        for axis, length in enumerate(wanted):
            if length < 0:
                raise RuntimeError(
                    f"The expanded size of the tensor ({length}) isn't allowed in a leading, "
                    f"non-existing dimension {axis}"
                )
        return apply(shape.Expand, self, shape=tuple(wanted))  # type: ignore[no-any-return]

    def broadcast_to(self, size: Any) -> Tensor:
        """Return the tensor expanded to `size`."""
        return self.expand(size)

    def sum_to_size(self, *size: Any) -> Tensor:
        """Return the sum over the dimensions along which `size` was broadcast to this shape.

        Raises:
            RuntimeError: `size` does not broadcast to this shape.
        """
        wanted, own = sizes_of(size), self._array.shape
        fits = len(wanted) <= len(own) and all(
            a in (1, b) for a, b in zip(wanted[::-1], own[::-1], strict=False)
        )
        if not fits:
            raise RuntimeError(
                f"size {{{list(wanted)}}} is not expandable to size {{{list(own)}}}."
            )
        return unbroadcast(self, wanted)  # type: ignore[no-any-return]

    def expand_as(self, other: Tensor) -> Tensor:
        """Return the tensor expanded to the shape of `other`."""
        return self.expand(other.shape)
