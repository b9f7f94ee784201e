"""What random numbers cannot be drawn with, in torch's words."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.dtypes import of_numpy
from gradstep_engine.missing import missing

_C_NAMES = {"uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int"}
_C_NAMES |= {"bool": "bool", "float16": "c10::Half", "float32": "float", "float64": "double"}


def floating(array: Any, kernel: str) -> None:
    """Refuse elements that are no floats."""
    if array.dtype.kind != "f":
        raise NotImplementedError(
            f"\"{kernel}\" not implemented for '{of_numpy(array.dtype).cpu_type}'"
        )


def continuous(distribution: str, array: Any) -> None:
    """Refuse elements that are no floats, for distributions that say so themselves."""
    if array.dtype.kind != "f":
        raise RuntimeError(
            f"{distribution} distribution is a continuous probability distribution. dtype must be "
            f"a floating point but you specified {of_numpy(array.dtype).cpu_type}"
        )


def bounds(name: str, low: float, high: float) -> None:
    """Refuse a range that ends before it starts."""
    if low > high:
        raise RuntimeError(
            f"{name} expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )


def deviation(name: str, std: float) -> None:
    """Refuse a negative standard deviation."""
    if std < 0:
        raise RuntimeError(f"{name} expects std >= 0.0, but found std {std:g}")


def positive(name: str, parameter: str, value: float) -> None:
    """Refuse a parameter that is not positive."""
    if not value > 0:
        raise RuntimeError(f"{name} expects {parameter} > 0.0, but found {parameter}={value:g}")


def chance(name: str, p: float) -> None:
    """Refuse what is no probability."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"{name} expects p to be in [0, 1], but got p={p:g}")


def open_chance(name: str, p: float) -> None:
    """Refuse a probability that is 0 or 1, or none."""
    if not 0 < p < 1:
        raise RuntimeError(f"{name} expects p to be in (0, 1), but got p={p:g}")


def chances(array: Any) -> None:
    """Refuse an array with an element that is no probability."""
    if not ((array >= 0) & (array <= 1)).all():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")


def whole_bounds(name: str, low: int, high: int, dtype: Any) -> None:
    """Refuse an empty range, and one that the type cannot hold."""
    if low >= high:
        raise RuntimeError(
            f"{name} expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    if dtype.kind == "b":
        least, greatest = 0, 1
    elif dtype.kind == "f":
        greatest = int(np.finfo(dtype).max)
        least = -greatest
    else:
        least, greatest = int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    for text, value in (("from", low), ("to - 1", high - 1)):
        if not least <= value <= greatest:
            kind = _C_NAMES.get(dtype.name, "long")
            raise RuntimeError(f"{text} is out of bounds for {kind}")


def random_arguments(first: Any, second: Any, options: dict[str, Any]) -> tuple[int, int | None]:
    """Return the range of `random_`: (to), (from, to) or nothing, `from` being a keyword too."""
    if "from" in options:
        first, second = options.pop("from"), second if second is not None else first
    elif second is None:
        first, second = 0, first
    elif first is None:
        first = 0
    if options:
        raise TypeError(f"random_() got an unexpected keyword argument '{next(iter(options))}'")
    if second is None:
        if first:
            raise missing("random_(from, to=None)")
        return 0, None
    return int(first), int(second)


def weights(array: Any, count: int, replacement: bool) -> Any:
    """Return `array` as weights for a draw of `count`.

    Raises:
        RuntimeError: the shape, the type or a value is not that of weights.
    """
    array = np.asarray(array)
    if array.dtype.kind != "f":
        raise RuntimeError(
            "multinomial only supports floating-point dtypes for input, got: "
            f"{of_numpy(array.dtype).cpu_type}"
        )
    if array.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if count <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and count > array.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )
    if array.size:
        least, total = array.min(), np.add.reduce(array, axis=-1)
        if not (least >= 0 and np.isfinite(total).all()):
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
        if not np.all(total > 0):
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    return array
