"""`x[...]`, `x[...] = value`, and elements by index tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import indexing
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.operands import operand

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def numpy_index(index: Any, shape: tuple[int, ...]) -> tuple[tuple[Any, ...], bool]:
    """Return an index as numpy takes it, and whether it is a basic one (a view).

    Raises:
        IndexError: out of bounds, too many, or of a kind that cannot index.
    """
    items = index if isinstance(index, tuple) else (index,)
    basic = True
    converted: list[Any] = []
    for item in items:
        if item is None or item is Ellipsis:
            converted.append(item)
        elif isinstance(item, slice):
            if item.step is not None and int(item.step) <= 0:
                raise ValueError("step must be greater than zero")
            converted.append(slice(*[None if x is None else int(x) for x in _parts(item)]))
        elif isinstance(item, bool):
            converted.append(np.array(item))
            basic = False
        elif isinstance(item, (int, np.integer)):
            converted.append(int(item))
        else:
            array = item._array if isinstance(item, TensorBase) else np.asarray(item)
            if array.dtype.kind not in "iub":
                raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
            if array.ndim == 0 and array.dtype.kind != "b":
                converted.append(int(array))
            else:
                converted.append(array)
                basic = False
    _check_bounds(converted, shape)
    return tuple(converted), basic


def _parts(item: slice) -> tuple[Any, Any, Any]:
    return item.start, item.stop, item.step


def _check_bounds(items: list[Any], shape: tuple[int, ...]) -> None:
    taken = sum(
        item.ndim if isinstance(item, np.ndarray) and item.dtype.kind == "b" else 1
        for item in items
        if item is not None and item is not Ellipsis
    )
    if not shape and taken and not any(isinstance(item, np.ndarray) for item in items):
        raise IndexError(
            "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or "
            "`tensor.item<T>()` in C++ to convert a 0-dim tensor to a number"
        )
    if taken > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)}")
    axis = 0
    for item in items:
        if item is None:
            continue
        if item is Ellipsis:
            axis += len(shape) - taken
            continue
        if isinstance(item, int) and not -shape[axis] <= item < shape[axis]:
            raise IndexError(
                f"index {item} is out of bounds for dimension {axis} with size {shape[axis]}"
            )
        if isinstance(item, np.ndarray):
            _check_array(item, axis, shape)
            axis += item.ndim - 1 if item.dtype.kind == "b" else 0
        axis += 1


def _check_array(item: np.ndarray[Any, Any], axis: int, shape: tuple[int, ...]) -> None:
    if item.dtype.kind == "b":
        if item.shape != shape[axis : axis + item.ndim]:
            raise IndexError(
                f"The shape of the mask {list(item.shape)} at index {axis} does not match the "
                f"shape of the indexed tensor {list(shape)} at index {axis}"
            )
        return
    outside = item[(item < -shape[axis]) | (item >= shape[axis])]
    if outside.size:
        raise IndexError(
            f"index {outside.flat[0]} is out of bounds for dimension {axis} with size {shape[axis]}"
        )


def check_places(
    places: Any, axis: int, shape: tuple[int, ...], error: type[Exception], name: str = ""
) -> None:
    """Refuse numbers of slices that are not there along `axis`."""
    if not places.size:
        return
    length = shape[axis] if shape else 1
    low, high = int(places.min()), int(places.max())
    if low < 0 or high >= length:
        worst = low if low < 0 else int(places[places >= length].flat[0])
        raise error(f"{name}index {worst} is out of bounds for dimension {axis} with size {length}")


class Indexing(TensorBase):
    """Reading and writing parts."""

    def __getitem__(self, index: Any) -> Any:
        found, basic = numpy_index(index, self._array.shape)
        if basic:
            return apply(indexing.BasicIndex, self, index=found)
        return apply(indexing.AdvancedIndex, self, index=found)

    def __setitem__(self, index: Any, value: Any) -> None:
        found, _ = numpy_index(index, self._array.shape)
        source = operand(value)
        if source is NotImplemented:
            raise TypeError(f"can't assign a {type(value).__name__} to a torch.FloatTensor")
        try:
            apply_inplace(indexing.SetItem, self, source, index=found)
        except ValueError:
            _explain(self._array[found].shape, source._array.shape)
            raise

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return int(self._array.shape[0])

    def __iter__(self) -> Any:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))  # type: ignore[attr-defined]

    def __contains__(self, element: Any) -> bool:
        return bool((self._array == getattr(element, "_array", element)).any())

    def select(self, dim: int, index: int) -> Tensor:
        """Return the slice at `index` along `dim`."""
        axis = axis_of(dim, self._array.ndim)
        return self[(*[slice(None)] * axis, index)]  # type: ignore[no-any-return]

    def narrow(self, dim: int, start: int, length: int) -> Tensor:
        """Return `length` slices along `dim` from `start` on."""
        axis = axis_of(dim, self._array.ndim)
        return self[(*[slice(None)] * axis, slice(start, start + length))]  # type: ignore[no-any-return]

    def nonzero(self, *, as_tuple: bool = False) -> Any:
        """Return the places of elements that are not zero: rows, or one tensor per axis."""
        from gradstep_engine.autograd.variable import wrap

        places = np.nonzero(np.atleast_1d(self._array))
        if as_tuple:
            return tuple(wrap(place) for place in places)
        return wrap(np.stack(places, 1)[:, : self._array.ndim])


def _explain(part: tuple[int, ...], value: tuple[int, ...]) -> None:
    """Raise torch's error for a value of a shape that does not fit a part."""
    for back in range(1, min(len(part), len(value)) + 1):
        if value[-back] not in (1, part[-back]):
            raise RuntimeError(
                f"The expanded size of the tensor ({part[-back]}) must match the existing size "
                f"({value[-back]}) at non-singleton dimension {len(part) - back}.  Target sizes: "
                f"{list(part)}.  Tensor sizes: {list(value)}"
            )
