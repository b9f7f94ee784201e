"""The numbers of a tensor under its header: a grid of values, a heat map, or a histogram."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gradstep.views import numbers
from gradstep.views.tensor_grid import (
    LABEL_WIDTH,
    OVERVIEW_COLUMNS,
    Cell,
    make_grid,
    matrix_of,
    overview,
    peak_of,
)
from gradstep.views.tensor_heat import HeatMap, heat_map
from gradstep.views.tensor_histogram import bars, histogram_lines
from gradstep.views.tensor_lens import Lens
from gradstep.views.text import Line, crop, line

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue
    from gradstep.views.glyphs import Glyphs

NOW = Lens()

LOW = 9
"""Rows below which the values are what counts: no histogram, and no line of the other side."""

LEAST_BESIDE = 56
"""Columns from which a coarse heat picture stands beside the values."""


@dataclass(frozen=True, slots=True)
class TensorView:
    """What the tensor pane paints.

    `cells[r][c]` belongs to `row_labels[r]` and `column_labels[c]`; all cell texts are
    `cell_width` wide. `rows`/`columns` is the size of the whole matrix shown (the last two
    dimensions), `row`/`column` where the window begins after clamping. A vector is `folded` into
    rows. `overview` is a coarse heat picture of the whole matrix, `heat` a large one in the place
    of cells, `spread` the lines of a large histogram. `note` says why there are no cells, or
    what they are of; `companion` is `.grad` of a leaf whose value is shown, or the value. A single
    number stands in the header alone. `elements` follow one element, `cursor_line` tells which one
    the arrow keys are at. `value` is what is shown, `lens` how, `chips` name the modes.
    `history` is how a tensor of very few elements went so far.
    """

    tensor: int | None
    what: str
    header: Line
    stats: Line = ()
    companion: Line = ()
    elements: tuple[Line, ...] = ()
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    cells: tuple[tuple[Cell, ...], ...] = ()
    cell_width: int = 8
    row: int = 0
    column: int = 0
    rows: int = 0
    columns: int = 0
    folded: bool = False
    more: Line = ()
    histogram: Line = ()
    overview: tuple[tuple[float | None, ...], ...] = ()
    heat: HeatMap | None = None
    spread: tuple[Line, ...] = ()
    note: tuple[Line, ...] = ()
    cursor_line: Line = ()
    chips: Line = ()
    history: tuple[Line, ...] = ()
    name: str = ""
    shape: tuple[int, ...] = ()
    value: TensorValue | None = None
    lens: Lens = NOW

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything as lines, the heat left out; a heat map is in letters."""
        grid = [
            line((label + " ", "dim"), " ".join(cell.text for cell in row))
            for label, row in zip(self.row_labels, self.cells, strict=True)
        ]
        columns = line((" " * LABEL_WIDTH + " ".join(self.column_labels), "dim"))
        cells = (columns, *grid) if grid else ()
        parts = [self.header, self.stats, self.companion, *self.elements, *cells]
        parts += self.heat.lines if self.heat is not None else ()
        parts += [*self.spread, *self.note]
        return tuple(part for part in (*parts, self.tail, self.histogram, *self.history) if part)

    @property
    def tail(self) -> Line:
        """The element under the cursor, and what of the matrix is not seen."""
        if self.cursor_line and self.more:
            return (*self.cursor_line, *line("  "), *self.more)
        return self.cursor_line or self.more

    def index_at(self, row: int, column: int) -> tuple[int, ...] | None:
        """Give the index of the element at a place of the matrix, None outside of it."""
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            return None
        if not self.folded:
            return (*self.lens.leading, row, column)
        place = row * self.columns + column
        return (place,) if self.shape and place < self.shape[0] else None

    def place_of(self, index: tuple[int, ...]) -> tuple[int, int]:
        """Give the row and column at which an element stands in the matrix."""
        if self.folded:
            return divmod(index[-1], max(1, self.columns))
        return index[-2], index[-1]


def with_body(base: TensorView, array: Any, width: int, height: int, glyphs: Glyphs) -> TensorView:
    """Add the numbers in the way that the lens says; `height` has the header's rows in it."""
    lens, value = base.lens, base.value
    assert value is not None
    peak = peak_of(value, array)
    if lens.mode == "heat" and array.size:
        return _with_heat(base, array, peak, width, height - 2, glyphs)
    if lens.mode == "histogram" and array.size:
        return replace(base, spread=histogram_lines(array, width, height - 2, glyphs))
    return _with_grid(base, array, peak, width, height, glyphs)


def _with_grid(
    base: TensorView, array: Any, peak: float, width: int, height: int, glyphs: Glyphs
) -> TensorView:
    # The header, the statistics, the column labels, the line "more" and the histogram.
    has_spread = height >= LOW
    room = max(1, height - 4 - has_spread)
    lens = base.lens
    start = (peak, lens.row, lens.column, lens.leading)
    grid = make_grid(array, *start, width, room, glyphs)
    picture: tuple[tuple[float | None, ...], ...] = ()
    hidden = grid.rows > len(grid.cells) or grid.columns > len(grid.column_labels)
    if hidden and width >= LEAST_BESIDE and not grid.folded:
        narrow = width - OVERVIEW_COLUMNS - 2
        grid = make_grid(array, *start, narrow, room, glyphs)
        picture = overview(matrix_of(array, lens.leading), peak, 2 * room)
    drawn = bars(array, min(40, width - 26), glyphs) if has_spread else None
    spread: Line = ()
    if drawn:
        row, low, high = drawn
        spread = line(
            ("hist ", "dim"),
            (numbers.short(low).rjust(8) + " ", "dim"),
            (row, "backward"),
            (" " + numbers.short(high), "dim"),
        )
    below = grid.rows - grid.row - len(grid.cells)
    right = grid.columns - grid.column - len(grid.column_labels)
    return replace(
        base,
        row_labels=grid.row_labels,
        column_labels=grid.column_labels,
        cells=grid.cells,
        cell_width=grid.cell_width,
        row=grid.row,
        column=grid.column,
        rows=grid.rows,
        columns=grid.columns,
        folded=grid.folded,
        more=crop(_more(below, right, base.shape, lens, glyphs), width),
        histogram=spread,
        overview=picture,
    )


def _with_heat(
    base: TensorView, array: Any, peak: float, width: int, height: int, glyphs: Glyphs
) -> TensorView:
    lens = base.lens
    matrix = matrix_of(array, lens.leading)
    if not matrix.size:
        return base
    cursor = None
    if lens.cursor is not None:
        cursor = (0, lens.cursor[0]) if matrix.ndim < 2 else (lens.cursor[-2], lens.cursor[-1])
    found = heat_map(
        matrix,
        peak,
        width=width,
        height=height - bool(base.cursor_line),
        zoom=lens.zoom,
        cursor=cursor,
        glyphs=glyphs,
    )
    rows = matrix.shape[0] if matrix.ndim > 1 else 1
    columns = matrix.shape[-1]
    return replace(
        base,
        heat=found,
        rows=rows,
        columns=columns,
        folded=matrix.ndim < 2,
    )


def _more(rows: int, columns: int, shape: tuple[int, ...], lens: Lens, glyphs: Glyphs) -> Line:
    parts = []
    if rows > 0:
        parts.append(numbers.plural(rows, "more row"))
    if columns > 0:
        parts.append(numbers.plural(columns, "more column"))
    if lens.leading:
        at = ", ".join([*map(str, lens.leading), ":", ":"])
        of = "×" if glyphs.heat == "▦" else "x"
        sizes = of.join(map(str, shape[: len(lens.leading)]))
        parts.append(f"[{at}] of {sizes}")
    return line((f"{glyphs.ellipsis} " + " · ".join(parts), "dim")) if parts else ()


def cursor_line(array: Any, lens: Lens, width: int) -> Line:
    """Say which element the arrow keys are at, and its number as it is."""
    if lens.cursor is None or array.ndim != len(lens.cursor):
        return ()
    number = array[lens.cursor].item()
    text = repr(number) if array.dtype.kind != "f" else f"{number:.7g}"
    return crop(line((numbers.index(lens.cursor) + " ", "dim"), (text, "bold")), width)
