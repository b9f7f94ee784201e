"""Element types under torch's names, and torch's promotion rules (numpy's differ)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

_CATEGORY: Final = {"b": 0, "u": 1, "i": 1, "f": 2}


class dtype:
    """A tensor's element type; one object per type, so `is` compares them."""

    __slots__ = ("cpu_type", "name", "numpy")

    def __init__(self, name: str, cpu_type: str) -> None:
        self.name = name
        self.numpy: np.dtype[Any] = np.dtype(name)
        self.cpu_type = cpu_type

    @property
    def is_floating_point(self) -> bool:
        """Whether elements are floating point numbers."""
        return self.numpy.kind == "f"

    @property
    def is_complex(self) -> bool:
        """Whether elements are complex: never, the engine has none."""
        return False

    @property
    def is_signed(self) -> bool:
        """Whether elements can be negative."""
        return self.numpy.kind in "fi"

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return f"{self.name}_" if self.name == "bool" else self.name


float16 = dtype("float16", "Half")
float32 = dtype("float32", "Float")
float64 = dtype("float64", "Double")
int8 = dtype("int8", "Char")
int16 = dtype("int16", "Short")
int32 = dtype("int32", "Int")
int64 = dtype("int64", "Long")
uint8 = dtype("uint8", "Byte")
bool_ = dtype("bool", "Bool")

ALL: Final = (float16, float32, float64, int8, int16, int32, int64, uint8, bool_)
_OF_NUMPY: Final = {each.numpy: each for each in ALL}
_OF_PYTHON: Final[dict[type, dtype]] = {int: int64, bool: bool_}


class _Default:
    """The type of new floating point tensors."""

    dtype: dtype = float32
    numpy: np.dtype[Any] = float32.numpy


def get_default_dtype() -> dtype:
    """Return the type of new floating point tensors."""
    return _Default.dtype


def set_default_dtype(d: Any) -> None:
    """Set the type of new floating point tensors.

    Raises:
        TypeError: `d` is not a floating point type.
    """
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _Default.dtype = d
    _Default.numpy = d.numpy


def default_numpy() -> np.dtype[Any]:
    """Return the default floating point type as numpy's."""
    return _Default.numpy


def of_numpy(numpy_dtype: np.dtype[Any]) -> dtype:
    """Return torch's name for a numpy type.

    Raises:
        TypeError: the engine has no such type.
    """
    try:
        return _OF_NUMPY[numpy_dtype]
    except KeyError:
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{numpy_dtype}. The only supported types are: "
            "float64, float32, float16, int64, int32, int16, int8, uint8, and bool."
        ) from None


def to_numpy(wanted: Any) -> np.dtype[Any]:
    """Return the numpy type of a dtype as users write it: ours, or Python's float, int, bool.

    Raises:
        TypeError: `wanted` is none of these.
    """
    if isinstance(wanted, dtype):
        return wanted.numpy
    if wanted is float:
        return float64.numpy
    if wanted in _OF_PYTHON:
        return _OF_PYTHON[wanted].numpy
    raise TypeError(f"argument 'dtype' must be torch.dtype, not {type(wanted).__name__}")


def promote(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """Return the common type of two types: an integer never widens a float, unlike in numpy."""
    if a == b:
        return a
    if a.kind == "f" and b.kind != "f":
        return a
    if b.kind == "f" and a.kind != "f":
        return b
    return np.promote_types(a, b)


def check_fits(wanted: np.dtype[Any], result: np.dtype[Any]) -> None:
    """Refuse to write floats into whole numbers, or numbers into bools.

    Raises:
        RuntimeError: torch's own.
    """
    if category(result) > category(wanted):
        raise RuntimeError(
            f"result type {of_numpy(result).cpu_type} can't be cast to the desired output type "
            f"{of_numpy(wanted).cpu_type}"
        )


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """Return the smallest type that both convert to without changing category."""
    return of_numpy(promote(type1.numpy, type2.numpy))


def result_numpy(operands: tuple[Any, ...]) -> np.dtype[Any]:
    """Return the type of arithmetic on arrays and plain numbers, by torch's rules.

    Arrays with axes decide; 0-d arrays and then plain numbers only raise the category (bool,
    integer, float). Source: PyTorch's "Tensor Attributes", type promotion.
    """
    ranks: list[np.dtype[Any] | None] = [None, None, None]
    for operand in operands:
        if isinstance(operand, (np.ndarray, np.generic)):
            rank, found = (0 if operand.ndim else 1), operand.dtype
        else:
            rank = 2
            found = default_numpy() if isinstance(operand, float) else to_numpy(type(operand))
        known = ranks[rank]
        ranks[rank] = found if known is None else promote(known, found)
    result: np.dtype[Any] | None = None
    for found_rank in ranks:
        if found_rank is None:
            continue
        if result is None:
            result = found_rank
        elif _CATEGORY[found_rank.kind] > _CATEGORY[result.kind]:
            result = promote(result, found_rank)
    assert result is not None
    return result


def category(numpy_dtype: np.dtype[Any]) -> int:
    """Return 0 for bool, 1 for integers, 2 for floats."""
    return _CATEGORY[numpy_dtype.kind]


class finfo:
    """Limits of a floating point type."""

    def __init__(self, type: dtype | None = None) -> None:
        self.dtype = str(type or get_default_dtype()).removeprefix("torch.")
        limits = np.finfo((type or get_default_dtype()).numpy)
        self.bits = int(limits.bits)
        self.eps = float(limits.eps)
        self.max = float(limits.max)
        self.min = float(limits.min)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = 10.0 ** -int(limits.precision)

    def __repr__(self) -> str:
        return (
            f"finfo(resolution={self.resolution:g}, min={self.min:g}, max={self.max:g}, "
            f"eps={self.eps:g}, smallest_normal={self.smallest_normal:g}, tiny={self.tiny:g}, "
            f"dtype={self.dtype})"
        )


class iinfo:
    """Limits of an integer type."""

    def __init__(self, type: dtype) -> None:
        self.dtype = type.name
        limits = np.iinfo(type.numpy)
        self.bits = int(limits.bits)
        self.max = int(limits.max)
        self.min = int(limits.min)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
