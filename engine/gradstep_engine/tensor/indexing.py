"""`x[...]` and `x[...] = value`."""

from __future__ import annotations

import operator
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.ops import indexing
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.operands import operand

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor

_ALL = slice(None)

_NOT_A_TUPLE = (
    "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in "
    "pytorch 2.9; use x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as "
    "tensor index, x[torch.tensor(seq)], which will result either in an error or a different result"
)


def numpy_index(index: Any, shape: tuple[int, ...]) -> tuple[tuple[Any, ...], bool]:
    """Return an index as numpy takes it, and whether it is a basic one (a view).

    Raises:
        IndexError: out of bounds, too many, or of a kind that cannot index.
    """
    if index.__class__ is list and _stands_for_tuple(index):
        warnings.warn(_NOT_A_TUPLE, UserWarning, stacklevel=3)
        index = tuple(index)
    items = index if isinstance(index, tuple) else (index,)
    basic = True
    converted: list[Any] = []
    for item in items:
        kind = item.__class__
        if kind is int or item is None or item is Ellipsis:
            converted.append(item)
        elif kind is slice:
            converted.append(_slice(item))
        else:
            found = _int_or_array(item)
            converted.append(found)
            basic = basic and found.__class__ is int
    _check_bounds(converted, shape)
    return tuple(converted), basic


def _stands_for_tuple(index: list[Any]) -> bool:
    """Return whether torch reads a list as a tuple of indices, as old numpy did."""
    return len(index) < 32 and any(
        item is None or isinstance(item, (TensorBase, list, tuple, slice)) or item is Ellipsis
        for item in index
    )


def _slice(item: slice) -> slice:
    if item.step is not None and operator.index(item.step) <= 0:
        raise ValueError(
            "step must be greater than zero" if item.step else "slice step cannot be zero"
        )
    parts = (item.start, item.stop, item.step)
    try:
        return slice(*[None if part is None else operator.index(part) for part in parts])
    except TypeError:
        raise TypeError(
            "slice indices must be integers or None or have an __index__ method"
        ) from None


def _int_or_array(item: Any) -> Any:
    """Return an index other than a slice as an int, or as an array of numbers or truth values."""
    if isinstance(item, TensorBase):
        array = item._array
    elif isinstance(item, (bool, np.bool_)):
        return np.array(item)
    elif isinstance(item, np.ndarray):
        array = item
    elif isinstance(item, (list, tuple, range)):
        array = np.asarray(_plain(item))
        if array.dtype.kind == "f":
            array = array.astype(np.int64)
    else:
        try:
            return operator.index(item)
        except TypeError:
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables "
                f"are valid indices (got {type(item).__name__})"
            ) from None
    if array.dtype == np.uint8 and not isinstance(item, list):
        warnings.warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool "
            "instead.",
            UserWarning,
            stacklevel=5,
        )
        array = array.astype(bool)
    if array.dtype.kind not in "iub":
        raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
    if array.ndim == 0:
        return np.array(array) if array.dtype.kind == "b" else int(array)
    return array


def _plain(item: Any) -> Any:
    """Return nested sequences with tensors in them as sequences of arrays."""
    if isinstance(item, TensorBase):
        return item._array
    return [_plain(each) for each in item] if isinstance(item, (list, tuple)) else item


def _check_bounds(items: list[Any], shape: tuple[int, ...]) -> None:
    taken = 0
    for item in items:
        if item is not None and item is not Ellipsis:
            is_mask = isinstance(item, np.ndarray) and item.dtype.kind == "b"
            taken += item.ndim if is_mask else 1
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
        if item.__class__ is int and not -shape[axis] <= item < shape[axis]:
            raise IndexError(
                f"index {item} is out of bounds for dimension {axis} with size {shape[axis]}"
            )
        if isinstance(item, np.ndarray):
            _check_array(item, axis, shape)
            axis += item.ndim - 1 if item.dtype.kind == "b" else 0
        axis += 1


def _check_array(item: np.ndarray[Any, Any], axis: int, shape: tuple[int, ...]) -> None:
    if item.dtype.kind == "b":
        for each, (size, there) in enumerate(zip(item.shape, shape[axis:], strict=False)):
            if size != there:
                raise IndexError(
                    f"The shape of the mask {list(item.shape)} at index {each} does not match the "
                    f"shape of the indexed tensor {list(shape)} at index {axis + each}"
                )
        return
    if not item.size:
        return
    length = shape[axis]
    if int(item.min()) < -length or int(item.max()) >= length:
        worst = item[(item < -length) | (item >= length)].flat[0]
        raise IndexError(f"index {worst} is out of bounds for dimension {axis} with size {length}")


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


def _in_two_steps(index: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]] | None:
    """Split an index with arrays and plain integers: torch takes the integers first.

    Numpy would count an integer among the arrays, which puts their dimensions elsewhere.
    """
    if not any(item.__class__ is int for item in index):
        return None
    first = tuple(
        item if item.__class__ is int or item is Ellipsis else _ALL
        for item in index
        for _ in range(_dimensions(item))
    )
    return first, tuple(item for item in index if item.__class__ is not int)


def _dimensions(item: Any) -> int:
    """Return how many dimensions of the tensor an item of an index stands for."""
    if item is None:
        return 0
    return item.ndim if isinstance(item, np.ndarray) and item.dtype.kind == "b" else 1


class Indexing(TensorBase):
    """Reading and writing parts."""

    def __getitem__(self, index: Any) -> Any:
        found, basic = numpy_index(index, self._array.shape)
        if basic:
            return apply(indexing.BasicIndex, self, index=found)
        if _in_two_steps(found) is not None:
            return _read_in_two_steps(self, found)
        try:
            return apply(indexing.AdvancedIndex, self, index=found)
        except IndexError:
            raise _mismatch(found) from None

    def __setitem__(self, index: Any, value: Any) -> None:
        found, basic = numpy_index(index, self._array.shape)
        source = NotImplemented if isinstance(value, np.ndarray) else operand(value)
        if source is NotImplemented:
            kind = of_numpy(self._array.dtype).cpu_type
            given = "numpy.ndarray" if isinstance(value, np.ndarray) else type(value).__name__
            raise TypeError(f"can't assign a {given} to a torch.{kind}Tensor")
        by_mask = (
            isinstance(index, TensorBase) and index._array.dtype.kind == "b" and index._array.ndim
        )
        filling = by_mask and isinstance(source, TensorBase) and source._array.size == 1
        if isinstance(source, TensorBase) and not basic and not filling:
            _check_source(self._array.dtype, source._array.dtype)
        if not basic and _in_two_steps(found) is not None:
            _write_in_two_steps(self, found, source)
        else:
            _write(self, found, source)

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return int(self._array.shape[0])

    def __iter__(self) -> Any:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(self.unbind(0))  # type: ignore[attr-defined]

    def __reversed__(self) -> Tensor:
        if not self._array.ndim:
            return self  # type: ignore[return-value]
        return self.flip(0)  # type: ignore[attr-defined, no-any-return]

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (TensorBase, int, float)):
            raise RuntimeError(
                "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                f"{type(element)}."
            )
        return bool((self._array == getattr(element, "_array", element)).any())

    def select(self, dim: int, index: int) -> Tensor:
        """Return the slice at `index` along `dim`."""
        if not self._array.ndim:
            raise IndexError("select() cannot be applied to a 0-dim tensor.")
        axis = axis_of(dim, self._array.ndim)
        number, length = operator.index(index), self._array.shape[axis]
        if not -length <= number < length:
            raise IndexError(
                f"select(): index {number} out of range for tensor of size "
                f"{list(self._array.shape)} at dimension {axis}"
            )
        return self[(*[_ALL] * axis, number)]  # type: ignore[no-any-return]

    def narrow(self, dim: int, start: Any, length: int) -> Tensor:
        """Return `length` slices along `dim` from `start` on.

        Raises:
            IndexError: `start` is outside.
            RuntimeError: they reach beyond the end.
        """
        if not self._array.ndim:
            raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
        axis = axis_of(dim, self._array.ndim)
        size, first = self._array.shape[axis], operator.index(start)
        if length < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
        if not -size <= first <= size:
            raise IndexError(
                f"start out of range (expected to be in range of [{-size}, {size}], but got "
                f"{first})"
            )
        first += size if first < 0 else 0
        if first + length > size:
            raise RuntimeError(
                f"start ({first}) + length ({length}) exceeds dimension size ({size})."
            )
        place = (*[_ALL] * axis, slice(first, first + length))
        return apply(indexing.BasicIndex, self, index=place, node_name="SliceBackward0")  # type: ignore[no-any-return]

    def narrow_copy(self, dim: int, start: int, length: int) -> Tensor:
        """Return what `narrow` returns, in memory of its own."""
        return self.narrow(dim, start, length).clone()


@composite("getitem")
def _read_in_two_steps(tensor: Any, index: tuple[Any, ...]) -> Any:
    integers, arrays = _in_two_steps(index) or ((), ())
    return apply(indexing.BasicIndex, tensor, index=integers)[arrays]


@composite("setitem_")
def _write_in_two_steps(tensor: Any, index: tuple[Any, ...], value: Any) -> Any:
    integers, arrays = _in_two_steps(index) or ((), ())
    part = apply(indexing.BasicIndex, tensor, index=integers)
    _write(part, arrays, value)
    return tensor


def _write(tensor: Any, index: tuple[Any, ...], value: Any) -> None:
    try:
        apply_inplace(indexing.SetItem, tensor, value, index=index)
    except (ValueError, TypeError):
        _explain(tensor._array[index].shape, value._array.shape, index)
        raise


def _mismatch(index: tuple[Any, ...]) -> IndexError:
    """Return torch's error for index tensors that do not broadcast."""
    shapes = [list(item.shape) for item in index if isinstance(item, np.ndarray)]
    return IndexError(
        "shape mismatch: indexing tensors could not be broadcast together with shapes "
        + ", ".join(map(str, shapes))
    )


def _check_source(target: Any, source: Any) -> None:
    if target != source:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{of_numpy(target).cpu_type} for the destination and {of_numpy(source).cpu_type} for "
            "the source."
        )


def _explain(part: tuple[int, ...], value: tuple[int, ...], index: tuple[Any, ...]) -> None:
    """Raise torch's error for a value of a shape that does not fit a part."""
    if any(isinstance(item, np.ndarray) for item in index):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(value)} cannot be broadcast to indexing "
            f"result of shape {list(part)}"
        ) from None
    for back in range(1, min(len(part), len(value)) + 1):
        if value[-back] not in (1, part[-back]):
            raise RuntimeError(
                f"The expanded size of the tensor ({part[-back]}) must match the existing size "
                f"({value[-back]}) at non-singleton dimension {len(part) - back}.  Target sizes: "
                f"{list(part)}.  Tensor sizes: {list(value)}"
            ) from None
    raise RuntimeError(
        f"expand(torch.Tensor{{{list(value)}}}, size={list(part)}): the number of sizes provided "
        f"({len(part)}) must be greater or equal to the number of dimensions in the tensor "
        f"({len(value)})"
    ) from None
