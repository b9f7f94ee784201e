"""Numbers and nested lists as users write them, made arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.missing import missing


def plain(data: Any) -> Any:
    """Return nested lists with any tensors in them as plain numbers."""
    if isinstance(data, TensorBase):
        if data._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return data._array.reshape(())
    if isinstance(data, (list, tuple)) and any(
        isinstance(item, (list, tuple, TensorBase)) for item in data
    ):
        return [plain(item) for item in data]
    return data


def array_of(data: Any, dtype: Any) -> np.ndarray[Any, Any]:
    """Return a new array with the type torch infers, unless one is given."""
    if isinstance(data, (np.ndarray, np.generic)):
        check_array(data)
        return np.array(data, dtype=None if dtype is None else dtypes.to_numpy(dtype), order="C")
    try:
        array = np.array(data)
    except ValueError:
        raise _ragged(data) from None
    if array.dtype.kind == "U":
        if isinstance(data, str):
            raise TypeError("new(): invalid data type 'str'")
        raise ValueError("too many dimensions 'str'")
    if array.dtype.kind == "c":
        raise missing("complex numbers")
    if array.dtype.kind not in "fib" and not isinstance(_first(data), np.unsignedinteger):
        kind = type(_first(data)).__name__
        if isinstance(_first(data), int):
            raise ValueError("Overflow when unpacking long long")
        raise RuntimeError(f"Could not infer dtype of {kind}")
    if dtype is not None:
        return array.astype(dtypes.to_numpy(dtype))
    holds_numpy = _first(data).__class__ not in (float, int, bool)
    if array.dtype.kind == "f" and not (holds_numpy and array.size):
        return array.astype(dtypes.default_numpy())
    return array


def check_array(array: Any) -> None:
    """Refuse numpy arrays of other types, or that run backwards."""
    dtypes.of_numpy(array.dtype)
    if any(step < 0 for step in array.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array  with array.copy().) "
        )


def _first(data: Any) -> Any:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def _ragged(data: Any, depth: int = 0) -> ValueError:
    lengths = [len(item) if isinstance(item, (list, tuple)) else 0 for item in data]
    for length in lengths:
        if length != lengths[0]:
            return ValueError(
                f"expected sequence of length {lengths[0]} at dim {depth + 1} (got {length})"
            )
    return _ragged(data[0], depth + 1)
