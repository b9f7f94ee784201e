"""Windows into arrays: which elements are shown, their texts, their heat."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gradstep.views import numbers
from gradstep.views.glyphs import Glyphs
from gradstep.views.tensor_heat import largest

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue

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
    folded: bool


def make_grid(
    array: Any,
    peak: float,
    row: int,
    column: int,
    leading: tuple[int, ...],
    width: int,
    height: int,
    glyphs: Glyphs,
) -> Grid:
    """Cut the window out of an array; a vector is folded into as many rows as it takes.

    `peak` is the largest finite magnitude in it, `leading` the place before the last two
    dimensions.
    """
    texts = _Texts(array, peak, glyphs)
    fitting = max(1, (width - LABEL_WIDTH) // (texts.width + 1))
    matrix = matrix_of(array, leading)
    folded = matrix.ndim < 2
    if folded:
        per_row = max(1, min(fitting, matrix.size))
        rows, columns = -(-matrix.size // per_row), per_row
    else:
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
        folded=folded,
    )


def matrix_of(array: Any, leading: tuple[int, ...]) -> Any:
    """Give the matrix at a place in the leading dimensions; a vector or a number as a vector."""
    if array.ndim < 2:
        return array.reshape(-1)
    if 0 in array.shape[:-2]:
        return array.reshape(0, 0)
    return array[leading] if array.ndim > 2 else array


def peak_of(value: TensorValue, array: Any) -> float:
    """Give the largest finite magnitude: from the statistics, or from the numbers themselves."""
    if value.min is not None and value.max is not None:
        return max(abs(value.min), abs(value.max))
    return _peak(array)


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
            mantissa, _, exponent = f"{real:.1e}".partition("e")
            return f"{mantissa}e{int(exponent)}".rjust(self.width)
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


def overview(matrix: Any, peak: float, rows: int) -> tuple[tuple[float | None, ...], ...]:
    """Shrink a matrix to a small heat picture: each place the largest magnitude of its block."""
    if matrix.ndim < 2 or matrix.size == 0:
        return ()
    blocks, _, _ = largest(matrix, rows, OVERVIEW_COLUMNS)
    return tuple(tuple(heat(one, peak) for one in line) for line in blocks.tolist())
