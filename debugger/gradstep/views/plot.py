"""Curves in text: braille dots where the glyphs are Unicode, one character per cell in ASCII."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gradstep.views.glyphs import UNICODE, Glyphs

Place = tuple[int, int]

_BLANK: Final = 0x2800
_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of a braille pattern for a dot, by row and column inside the cell."""

LOG_RANGE: Final = 100.0
"""From this ratio of the largest to the smallest value on, the scale is logarithmic."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The vertical axis: what its lower and upper ends stand for."""

    low: float
    high: float
    is_log: bool

    @classmethod
    def of(cls, values: Sequence[float]) -> Scale | None:
        """Make the scale that shows all finite values; None if there are none."""
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            return None
        low, high = min(finite), max(finite)
        return cls(low, high, low > 0 and high / low >= LOG_RANGE)

    def share(self, value: float) -> float:
        """Give the height of a value between 0 and 1."""
        low, high = self._of(self.low), self._of(self.high)
        if high == low:
            return 0.5
        return min(1.0, max(0.0, (self._of(value) - low) / (high - low)))

    def _of(self, value: float) -> float:
        # Half of each, so that the range of two very large numbers does not overflow.
        return math.log10(max(value, self.low)) if self.is_log else value / 2


@dataclass(slots=True)
class Canvas:
    """`columns` times `rows` cells that curves are drawn into, one layer over the other."""

    columns: int
    rows: int
    glyphs: Glyphs = UNICODE
    _layers: list[set[Place]] = field(default_factory=list)

    @property
    def wide(self) -> int:
        """How many dots stand side by side."""
        return self.columns * (2 if self.glyphs is UNICODE else 1)

    @property
    def high(self) -> int:
        """How many dots stand one over the other."""
        return self.rows * (4 if self.glyphs is UNICODE else 1)

    def column(self, index: int, count: int) -> int:
        """Give the dot column of value `index` of `count` values spread over the whole width."""
        return 0 if count < 2 else round(index * (self.wide - 1) / (count - 1))

    def cell(self, index: int, count: int) -> int:
        """Give the cell column of value `index` of `count` values."""
        return self.column(index, count) // (2 if self.glyphs is UNICODE else 1)

    def row(self, value: float, scale: Scale) -> int:
        """Give the row in which a value lies."""
        return self._down(value, scale) * self.rows // self.high

    def draw(self, values: Sequence[float], scale: Scale) -> None:
        """Draw a curve as the next layer; it is broken where a value is not finite."""
        dots: set[Place] = set()
        before: Place | None = None
        for index, value in enumerate(values):
            if not math.isfinite(value):
                before = None
                continue
            place = (self.column(index, len(values)), self._down(value, scale))
            dots.update(_between(before or place, place))
            before = place
        self._layers.append(dots)

    def _down(self, value: float, scale: Scale) -> int:
        return round((1 - scale.share(value)) * (self.high - 1))

    def cells(self, row: int) -> list[tuple[str, int]]:
        """Give each cell of a row as its character and its uppermost layer, -1 where it is empty.

        In ASCII layers after the first are drawn with `*`, the first with `.`.
        """
        found = []
        for column in range(self.columns):
            if self.glyphs is not UNICODE:
                top = self._top({(column, row)})
                found.append(((" ", ".", "*")[min(top, 1) + 1], top))
                continue
            pattern, places = 0, set()
            for down, bits in enumerate(_BITS):
                for across, bit in enumerate(bits):
                    place = (column * 2 + across, row * 4 + down)
                    if any(place in layer for layer in self._layers):
                        pattern |= bit
                        places.add(place)
            found.append((chr(_BLANK + pattern) if pattern else " ", self._top(places)))
        return found

    def _top(self, places: set[Place]) -> int:
        for number in range(len(self._layers) - 1, -1, -1):
            if places & self._layers[number]:
                return number
        return -1


def _between(start: Place, end: Place) -> list[Place]:
    """List the dots of a straight line."""
    (x0, y0), (x1, y1) = start, end
    steps = max(abs(x1 - x0), abs(y1 - y0))
    if not steps:
        return [end]
    return [
        (round(x0 + (x1 - x0) * step / steps), round(y0 + (y1 - y0) * step / steps))
        for step in range(steps + 1)
    ]
