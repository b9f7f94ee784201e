"""Windows into arrays: which elements are shown, their texts, their heat."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

from gradstep.views import numbers
from gradstep.views.glyphs import Glyphs

LABEL_WIDTH: Final = 6
OVERVIEW_COLUMNS: Final = 14


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: its text and its heat, -1 (most negative) … 0 … +1, None for NaN and Inf."""

    text: str
    heat: float | None


@dataclass(frozen=True, slots=True)
class Grid:
    """A window of a matrix; see `TensorView` for the meaning of the fields."""

    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    cell_width: int
    row: int
    column: int
    rows: int
    columns: int
    slices: int
    slice_index: int
    leading: tuple[int, ...]


def make_grid(
    array: Any, row: int, column: int, slice_index: int, width: int, height: int, glyphs: Glyphs
) -> Grid:
    """Cut the window out of an array; a vector is folded into as many rows as it takes."""
    import numpy as np

    leading: tuple[int, ...] = ()
    slices = 1
    peak = _peak(array)
    texts = _Texts(array, peak, glyphs)
    fitting = max(1, (width - LABEL_WIDTH) // (texts.width + 1))
    folded = array.ndim < 2
    if folded:
        flat = array.reshape(-1)
        matrix, per_row = flat, max(1, min(fitting, flat.size))
        rows, columns = -(-flat.size // per_row), per_row
    else:
        stack = array.reshape(math.prod(array.shape[:-2]), *array.shape[-2:])
        slices = stack.shape[0]
        slice_index = max(0, min(slice_index, slices - 1))
        if array.ndim > 2 and slices:
            leading = tuple(int(i) for i in np.unravel_index(slice_index, array.shape[:-2]))
        matrix = stack[slice_index] if slices else stack.reshape(0, 0)
        rows, columns = matrix.shape
    row = max(0, min(row, rows - height))
    column = max(0, min(column, columns - fitting))
    shown_rows = range(row, min(rows, row + height))
    shown_columns = range(column, min(columns, column + fitting))
    cells = []
    for at in shown_rows:
        values = (
            matrix[at * columns : (at + 1) * columns]
            if folded
            else matrix[at, column : column + fitting]
        )
        cells.append(tuple(Cell(texts.of(v), heat(float(v), peak)) for v in values))
    return Grid(
        row_labels=tuple(
            (str(at * columns) if folded else str(at)).rjust(LABEL_WIDTH - 1) for at in shown_rows
        ),
        column_labels=tuple(
            (f"+{c}" if folded else str(c)).rjust(texts.width) for c in shown_columns
        ),
        cells=tuple(cells),
        cell_width=texts.width,
        row=row,
        column=column,
        rows=rows,
        columns=columns,
        slices=slices,
        slice_index=slice_index,
        leading=leading,
    )


def _peak(array: Any) -> float:
    import numpy as np

    if array.size == 0:
        return 0.0
    with np.errstate(all="ignore"):
        size = np.abs(array.astype(float))
    finite = size[np.isfinite(size)]
    return float(finite.max()) if finite.size else 0.0


def heat(value: float, peak: float) -> float | None:
    """Scale a value to -1 … 1; the square root keeps small ones apart from zero."""
    if value != value or value in (float("inf"), float("-inf")):
        return None
    if not peak:
        return 0.0
    share = math.sqrt(min(abs(value) / peak, 1.0))
    return share if value > 0 else -share


class _Texts:
    """Formats all elements of one tensor alike."""

    def __init__(self, array: Any, peak: float, glyphs: Glyphs) -> None:
        self.glyphs = glyphs
        self.kind = array.dtype.kind
        if self.kind == "b":
            self.width = 5
        elif self.kind in "iu":
            self.width = max(3, len(str(int(peak))) + 1)
        else:
            self.decimals = _decimals(peak)
            self.width = 8

    def of(self, value: Any) -> str:
        if self.kind == "b":
            return str(bool(value)).rjust(self.width)
        if self.kind in "iu":
            return str(int(value)).rjust(self.width)
        real = float(value)
        if real == 0:
            return self.glyphs.other.rjust(self.width)
        if real != real:
            return self.glyphs.nan.rjust(self.width)
        if real in (float("inf"), float("-inf")):
            sign = "+" if real > 0 else "-"
            return (sign + self.glyphs.infinity).rjust(self.width)
        if self.decimals is None:
            return f"{real:.1e}".rjust(self.width)
        text = f"{real:.{self.decimals}f}"
        if float(text) == 0:
            text = numbers.short(real)
        return text.rjust(self.width)


def _decimals(peak: float) -> int | None:
    if peak == 0:
        return 4
    if peak < 1e-3 or peak >= 1e6:
        return None
    return 4 if peak < 10 else 3 if peak < 100 else 2 if peak < 1000 else 1


def overview(array: Any, slice_index: int, rows: int) -> tuple[tuple[float | None, ...], ...]:
    """Shrink a matrix to a small heat picture: each place the largest magnitude of its block."""
    import numpy as np

    if array.ndim < 2 or array.size == 0:
        return ()
    matrix = array.reshape(-1, *array.shape[-2:])[slice_index].astype(float)
    peak = _peak(array)
    down, over = min(rows, matrix.shape[0]), min(OVERVIEW_COLUMNS, matrix.shape[1])
    found = []
    for band in np.array_split(matrix, down, axis=0):
        line = []
        for block in np.array_split(band, over, axis=1):
            flat = block.reshape(-1)
            line.append(heat(float(flat[int(np.abs(flat).argmax())]), peak))
        found.append(tuple(line))
    return tuple(found)


def histogram(array: Any, width: int, glyphs: Glyphs) -> tuple[str, float, float] | None:
    """Draw how the finite values are spread, with the ends of the scale; None if there are none."""
    import numpy as np

    values = array.astype(float).reshape(-1)
    values = values[np.isfinite(values)]
    if values.size < 2 or width < 4:
        return None
    low, high = float(values.min()), float(values.max())
    if low == high:
        return None
    counts, _ = np.histogram(values, bins=width, range=(low, high))
    top = len(glyphs.blocks) - 1
    highest = int(counts.max())
    drawn = "".join(
        glyphs.blocks[max(0, round(int(c) / highest * top))] if c else " " for c in counts
    )
    return drawn, low, high
