"""How many numbers of a tensor are −Inf, negative, zero, positive, +Inf or NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gradstep.trace.model import TensorValue

if TYPE_CHECKING:
    import numpy as np


class Census(NamedTuple):
    """Counts of a tensor's elements by kind, lowest first."""

    negative_infinite: int
    negative: int
    zero: int
    positive: int
    infinite: int
    nan: int

    def __str__(self) -> str:
        """The counts that are not zero, those that are not finite first."""
        named = (
            (self.nan, "NaN"),
            (self.negative_infinite, "−Inf"),
            (self.infinite, "+Inf"),
            (self.negative, "negative"),
            (self.zero, "zero"),
            (self.positive, "positive"),
        )
        return ", ".join(f"{count:,} {word}" for count, word in named if count) or "empty"


def census(array: np.ndarray) -> Census:
    """Count the elements of an array; of complex numbers, their absolute values."""
    import numpy as np

    flat = array.reshape(-1)
    if flat.dtype.kind == "c":
        flat = np.abs(flat)
    if flat.dtype.kind == "f":
        nan = int(np.count_nonzero(np.isnan(flat)))
        high = int(np.count_nonzero(np.isposinf(flat)))
        low = int(np.count_nonzero(np.isneginf(flat)))
    else:
        nan = high = low = 0
    zero = int(flat.size - np.count_nonzero(flat))
    negative = int(np.count_nonzero(flat < 0)) - low
    return Census(low, negative, zero, flat.size - nan - low - negative - zero - high, high, nan)


def recorded_census(value: TensorValue) -> str:
    """Return the counts of a recorded tensor in words; from statistics alone, what they tell."""
    from gradstep.trace.numbers import to_numpy

    if value.content is not None:
        return str(census(to_numpy(value)))
    total = 1
    for size in value.shape:
        total *= size
    finite = total - value.nan - value.inf
    words = [(value.nan, "NaN"), (value.inf, "Inf"), (finite, "finite"), (value.zeros, "zero")]
    return ", ".join(f"{count:,} {word}" for count, word in words if count) or "empty"
