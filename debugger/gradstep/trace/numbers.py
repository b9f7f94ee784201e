"""The numbers inside a recorded tensor, from its little-endian bytes.

Standard library only, so that a reader needs no numpy; `to_numpy` is for those who have it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Final

from gradstep.trace.model import TensorValue

if TYPE_CHECKING:
    import numpy as np

Number = float | int | bool

_FORMATS: Final = {
    "float16": "e",
    "float32": "f",
    "float64": "d",
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
    "bool": "?",
}


_OTHER_SIZES: Final = {"bfloat16": 2, "complex64": 8, "complex128": 16}


def is_dtype(name: object) -> bool:
    """Tell whether a trace can hold tensors of a dtype of this name."""
    return name in _FORMATS or name in _OTHER_SIZES


def size_of(dtype: str) -> int:
    """Return how many bytes an element takes."""
    return _OTHER_SIZES.get(dtype) or struct.calcsize(f"<{_FORMATS[dtype]}")


def decode(value: TensorValue, limit: int | None = None) -> list[Number]:
    """Return the first `limit` elements (all of them by default), flat and in C order.

    Raises:
        ValueError: the contents were not recorded, or the dtype has no plain numbers.
    """
    content = _content(value)
    count = prod(value.shape) if limit is None else min(limit, prod(value.shape))
    return _unpack(value.dtype, content, 0, count)


def element(value: TensorValue, index: Sequence[int]) -> Number:
    """Return the element at `index`, one non-negative integer per dimension.

    Raises:
        IndexError: the index does not fit the shape.
        ValueError: the contents were not recorded, or the dtype has no plain numbers.
    """
    if len(index) != len(value.shape):
        raise IndexError(f"{len(index)} indices for a tensor of {len(value.shape)} dimensions")
    position = 0
    for one, size in zip(index, value.shape, strict=True):
        if not 0 <= one < size:
            raise IndexError(f"index {one} is out of range for a dimension of size {size}")
        position = position * size + one
    return _unpack(value.dtype, _content(value), position, 1)[0]


def decode_bytes(dtype: str, content: bytes, count: int) -> list[Number]:
    """Return the first `count` elements of contents that are no recorded value.

    Raises:
        ValueError: the dtype has no plain numbers.
    """
    return _unpack(dtype, content, 0, count)


def to_numpy(value: TensorValue) -> np.ndarray:
    """Return the contents as a read-only numpy array of the tensor's shape.

    Raises:
        ValueError: the contents were not recorded, or the dtype has no plain numbers.
    """
    import numpy as np

    content = _content(value)
    if value.dtype == "bfloat16":
        wide = np.frombuffer(content, dtype="<u2").astype("<u4") << 16
        return wide.view("<f4").reshape(value.shape)
    if value.dtype not in _FORMATS:
        raise ValueError(f"a tensor of {value.dtype} has no plain numbers")
    dtype = np.dtype(value.dtype).newbyteorder("<")
    return np.frombuffer(content, dtype=dtype).reshape(value.shape)


def _content(value: TensorValue) -> bytes:
    if value.content is None:
        raise ValueError("the contents of this tensor were not recorded")
    return value.content


def _unpack(dtype: str, content: bytes, start: int, count: int) -> list[Number]:
    if dtype == "bfloat16":
        # A bfloat16 is the upper half of a float32.
        halves = struct.unpack_from(f"<{count}H", content, 2 * start)
        wide = struct.pack(f"<{count}I", *(half << 16 for half in halves))
        return list(struct.unpack(f"<{count}f", wide))
    code = _FORMATS.get(dtype)
    if code is None:
        raise ValueError(f"a tensor of {dtype} has no plain numbers")
    return list(struct.unpack_from(f"<{count}{code}", content, start * struct.calcsize(code)))
