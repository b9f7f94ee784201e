"""The order of the rows of the optimizer pane: as held, or by a column."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from gradstep.views.glyphs import Glyphs

HELD: Final = ""
"""The order that the pane has by itself: as the optimizer holds them, or the worst first."""

Row = TypeVar("Row")
Key = tuple[int, float] | str | None


@dataclass(frozen=True, slots=True)
class Sort:
    """By which column, named by its title; numbers begin with the largest, names with A."""

    by: str = HELD
    is_reversed: bool = False

    def moved(self, step: int, columns: Sequence[str]) -> Sort:
        """Sort by the next column, after the last one as by itself; `columns` are the titles."""
        names = [HELD, *columns]
        here = names.index(self.by) if self.by in names else 0
        return Sort(names[(here + step) % len(names)])

    def reversed(self) -> Sort:
        """Turn the order round."""
        return Sort(self.by, not self.is_reversed)

    def ordered(self, rows: Sequence[Row], key: Callable[[Row], float | str | None]) -> list[Row]:
        """Sort rows; what is not finite comes first, what is not known last, both ways round."""
        found = list(rows)
        if self.by == HELD:
            return found[::-1] if self.is_reversed else found
        known = [row for row in found if key(row) is not None]
        unknown = [row for row in found if key(row) is None]
        if any(isinstance(key(row), str) for row in known):
            known.sort(key=lambda row: str(key(row)), reverse=self.is_reversed)
            return known + unknown
        numbers = [(row, float(key(row) or 0.0)) for row in known]
        odd = [row for row, number in numbers if not math.isfinite(number)]
        fine = [(row, number) for row, number in numbers if math.isfinite(number)]
        fine.sort(key=lambda pair: pair[1], reverse=not self.is_reversed)
        return [*odd, *(row for row, _ in fine), *unknown]

    def titled(self, title: str, glyphs: Glyphs) -> str:
        """Mark the column that the rows are sorted by: ▼ from the largest down."""
        if title != self.by or self.by == HELD:
            return title
        falls = (title == "param") == self.is_reversed
        return f"{glyphs.down if falls else glyphs.up}{title}"


UNSORTED: Final = Sort()
