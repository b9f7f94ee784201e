"""Rows of a tensor on their heat: values in coloured cells, and pictures of half blocks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from gradstep.views.tensor_heat import BLANK, STEPS, HeatMap, letter_of, sign_of

if TYPE_CHECKING:
    from gradstep.tui.paint import Painter
    from gradstep.views.glyphs import Glyphs
    from gradstep.views.tensor import TensorView

PICTURE_GAP = 3


def grid_strip(
    view: TensorView, row: int, cursor: tuple[int, ...] | None, width: int, painter: Painter
) -> Strip:
    """Paint a row of values, the one under the cursor turned round, and the overview beside it."""
    label = max(len(text) for text in view.row_labels)
    segments = [Segment(" " + view.row_labels[row].rjust(label) + " ", painter.style("dim"))]
    for column, cell in enumerate(view.cells[row]):
        if cell.heat is None:
            style = painter.style("error bold")
        elif cell.heat == 0:
            style = painter.style("dim")
        else:
            style = painter.heat(cell.heat)
        here = cursor is not None and cursor == view.index_at(view.row + row, view.column + column)
        text = cell.text.rjust(view.cell_width)
        if here:
            bare = text.strip()
            segments.append(Segment(text[: len(text) - len(bare)], style))
            segments.append(Segment(bare, painter.style("reverse bold")))
        else:
            segments.append(Segment(text, style))
    used = sum(segment.cell_length for segment in segments)
    segments.extend(_overview(view, row, width - used, painter))
    return Strip(segments)


def _overview(view: TensorView, row: int, room: int, painter: Painter) -> list[Segment]:
    """Return one row of the overview: a half block holds two values."""
    if not view.overview or not view.overview[0]:
        return []
    columns = len(view.overview[0])
    upper = row * 2
    if room < columns + PICTURE_GAP or upper >= len(view.overview):
        return []
    segments = [Segment(" " * PICTURE_GAP)]
    for column in range(columns):
        top = view.overview[upper][column]
        low = view.overview[upper + 1][column] if upper + 1 < len(view.overview) else 0.0
        if top is None or low is None:
            segments.append(Segment("!", painter.style("error bold")))
        else:
            segments.append(Segment("▀", painter.half_block(top, low)))
    return segments


def heat_strip(
    heat: HeatMap, row: int, painter: Painter, glyphs: Glyphs, *, letters: bool = False
) -> Strip:
    """Paint a row of a heat map: two dots in each cell, or letters for a terminal without colours.

    What is not finite is a sign in its place, whatever the other dot of the cell is.
    """
    segments = [Segment(heat.row_labels[row], painter.style("dim"))]
    upper = heat.dots[row * heat.dense]
    below = row * heat.dense + 1
    lower: Sequence[int] = upper
    if heat.dense == 2:
        lower = heat.dots[below] if below < len(heat.dots) else (BLANK,) * len(upper)
    here = heat.cursor[1] if heat.cursor is not None and heat.cursor[0] == row else -1
    for column, (top, low) in enumerate(zip(upper, lower, strict=True)):
        mark, style = _cell(top, low, painter, glyphs, letters)
        if column == here:
            mark = mark if mark != "▀" else glyphs.cursor
            segments.append(Segment(mark, painter.style("reverse bold")))
        elif segments[-1].style is style:
            segments[-1] = Segment(segments[-1].text + mark, style)
        else:
            segments.append(Segment(mark, style))
    return Strip(segments)


@lru_cache(maxsize=16384)
def _cell(top: int, low: int, painter: Painter, glyphs: Glyphs, letters: bool) -> tuple[str, Style]:
    """Give a cell of two dots: its character and its style."""
    sign = sign_of(top, glyphs).strip() or sign_of(low, glyphs).strip()
    if sign:
        return sign, painter.style("error bold")
    if top == BLANK and low == BLANK:
        return " ", painter.style("")
    if letters:
        strongest = top if low == BLANK or abs(top) >= abs(low) else low
        return letter_of(strongest, glyphs), painter.style("")
    top, low = (0 if dot == BLANK else dot for dot in (top, low))
    return "▀", painter.half_block(top / STEPS, low / STEPS)
