"""One tensor: what it is, its statistics, a window of its values with heat, its histogram."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: its text and its heat, -1 (most negative) … 0 … +1, None for NaN and Inf."""

    text: str
    heat: float | None


@dataclass(frozen=True, slots=True)
class TensorView:
    """What the tensor pane paints.

    `cells[r][c]` belongs to `row_labels[r]` and `column_labels[c]`; all cell texts are
    `cell_width` wide. `rows`/`columns` is the size of the whole matrix shown (the last two
    dimensions), `row`/`column` where the window begins after clamping, `slices` how many
    matrices there are (product of the leading dimensions). `overview` is a coarse heat picture
    of the whole matrix. `note` says why there are no cells.
    """

    tensor: int | None
    what: str
    header: Line
    stats: Line
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    cell_width: int
    row: int
    column: int
    rows: int
    columns: int
    slices: int
    more: Line
    histogram: Line
    overview: tuple[tuple[float | None, ...], ...]
    note: tuple[Line, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """Everything as lines, the heat left out."""
        return (self.header, self.stats, *self.note, self.more, self.histogram)


def tensor_view(
    moment: Moment,
    tensor: int | None,
    *,
    what: str = "value",
    row: int = 0,
    column: int = 0,
    slice_index: int = 0,
    width: int = 72,
    height: int = 12,
    glyphs: Glyphs = UNICODE,
) -> TensorView:
    """Show a tensor as of the moment; `what` is `value` or `grad` (of a leaf).

    `tensor` None shows the tensor that the event under the cursor is about.
    """
    note = (line(("no tensor selected", "dim")),)
    return TensorView(tensor, what, (), (), (), (), (), 9, 0, 0, 0, 0, 1, (), (), (), note)
