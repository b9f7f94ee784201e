"""Arithmetic that carries along how far rounding may have taken a result.

A first-order error bound for each operation of a formula, computed in float64 for results that were
computed in a coarser type. Where a formula cancels (a momentum that nearly stands still), the bound
grows as the real error does; a fixed tolerance would either miss mistakes or cry wolf.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Unit:
    """A type's rounding: relative to a result, the smallest number above 0, and the largest."""

    relative: float
    tiny: float
    largest: float


UNITS: Final = {
    "float64": Unit(2.0**-52, 5e-324, 1.8e308),
    "float32": Unit(2.0**-23, 2.0**-149, 3.4e38),
    "float16": Unit(2.0**-10, 2.0**-24, 65504.0),
    "bfloat16": Unit(2.0**-7, 2.0**-133, 3.3e38),
}


class Rounded:
    """Values with the error that each may have, infinite where a result of `unit` overflows."""

    __slots__ = ("error", "unit", "value")
    __array_ufunc__ = None  # numpy hands its operators over to ours

    def __init__(self, value: Any, error: Any, unit: Unit) -> None:
        """Take values and their errors, all float64."""
        self.value, self.error, self.unit = value, error, unit

    def _pair(self, other: Any) -> tuple[Any, Any]:
        if isinstance(other, Rounded):
            return other.value, other.error
        return other, abs(other) * self.unit.relative + self.unit.tiny * (other != 0)

    def _made(self, value: Any, error: Any) -> Rounded:
        import numpy as np

        unit, size = self.unit, np.abs(value)
        error = error + unit.relative * size + unit.tiny
        is_lost = np.isnan(error) | (size > unit.largest)
        return Rounded(value, np.where(is_lost, np.inf, error), unit)

    def __neg__(self) -> Rounded:
        return Rounded(-self.value, self.error, self.unit)

    def __abs__(self) -> Rounded:
        return Rounded(abs(self.value), self.error, self.unit)

    def __add__(self, other: Any) -> Rounded:
        value, error = self._pair(other)
        return self._made(self.value + value, self.error + error)

    __radd__ = __add__

    def __sub__(self, other: Any) -> Rounded:
        value, error = self._pair(other)
        return self._made(self.value - value, self.error + error)

    def __rsub__(self, other: Any) -> Rounded:
        value, error = self._pair(other)
        return self._made(value - self.value, self.error + error)

    def __mul__(self, other: Any) -> Rounded:
        value, error = self._pair(other)
        return self._made(self.value * value, abs(self.value) * error + abs(value) * self.error)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Rounded:
        import numpy as np

        value, error = self._pair(other)
        quotient, size = self.value / value, np.abs(value)
        bound = (self.error + np.abs(quotient) * error) / size
        # A divisor that may be zero says nothing about the result.
        return self._made(quotient, np.where(size > error, bound, np.inf))

    def __rtruediv__(self, other: Any) -> Rounded:
        value, error = self._pair(other)
        return Rounded(value, error, self.unit) / self

    def root(self) -> Rounded:
        """Give the square root."""
        import numpy as np

        found = np.sqrt(self.value)
        return self._made(found, np.sqrt(abs(self.value) + self.error) - np.abs(found))

    def larger(self, other: Any) -> Rounded:
        """Give the larger of two; either could be, within their errors."""
        import numpy as np

        value, error = self._pair(other)
        return self._made(np.maximum(self.value, value), np.maximum(self.error, error))

    def between(self, least: float, most: float) -> Rounded:
        """Give what lies within bounds."""
        import numpy as np

        return self._made(np.clip(self.value, least, most), self.error)

    def by_sign(self, plus: Any, minus: Any, zero: Any) -> Rounded:
        """Choose by the sign; where that is within the error, any of the three may be meant."""
        import numpy as np

        values, errors = zip(*(self._pair(choice) for choice in (plus, minus, zero)), strict=True)
        above, below = self.value > 0, self.value < 0
        value = np.where(above, values[0], np.where(below, values[1], values[2]))
        error = np.where(above, errors[0], np.where(below, errors[1], errors[2]))
        doubtful = (np.abs(self.value) <= self.error) & (self.error > self.unit.tiny)
        spread = np.maximum.reduce(np.broadcast_arrays(*values)) - np.minimum.reduce(
            np.broadcast_arrays(*values)
        )
        return self._made(value, error + np.where(doubtful, spread, 0.0))
