"""Under the curve of a loss, on its axis: the norm of the gradients, and the rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.plot import Scale
from gradstep.views.text import Line, Span

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace
    from gradstep.views.glyphs import Glyphs

LEAST_CURVE: Final = 4
"""The curve of the loss keeps so many rows."""

ROOMY: Final = 14
"""Rows from which the norm of the gradients has several."""


def panel_rows(rows: int) -> int:
    """Say how many of the rows of a curve what stood beside the losses may take."""
    if rows < LEAST_CURVE + 2:
        return 0
    return 2 if rows < ROOMY else 1 + rows // 5


def panel_lines(
    run: RunTrace,
    places: Sequence[int],
    head: int,
    rows: int,
    left: int,
    cursor: int,
    glyphs: Glyphs,
) -> list[Line]:
    """Draw both as bars, a column for each call in `places`; after the `cursor` they are dim.

    The last row is the rate's. A logarithmic scale is taken as for the loss.
    """
    beside = [run.loss_facts.beside(place, head) for place in places]
    norms = [math.nan if one.grad_norm is None else one.grad_norm for one in beside]
    rates = [math.nan if one.lr is None else one.lr for one in beside]
    known = sum(1 for place in places if place <= cursor)
    lines = _bars("|g|", norms, rows - 1, left, known, "backward", glyphs)
    return lines + _bars("lr", rates, 1, left, known, "step", glyphs)


def _bars(
    label: str,
    values: list[float],
    rows: int,
    left: int,
    known: int,
    style: str,
    glyphs: Glyphs,
) -> list[Line]:
    scale = Scale.of(values)
    levels = len(glyphs.blocks)
    heights = [
        0 if scale is None or not math.isfinite(value) else _height(scale, value, rows * levels)
        for value in values
    ]
    found: list[Line] = []
    for row in range(rows - 1, -1, -1):
        texts = [
            glyphs.cross
            if row == 0 and scale is not None and math.isinf(value)
            else " "
            if height <= row * levels
            else glyphs.blocks[min(levels, height - row * levels) - 1]
            for value, height in zip(values, heights, strict=True)
        ]
        title = label if row == rows - 1 else ""
        if row == 0 and rows > 1 and scale is not None:
            title = numbers.short(scale.low)
        spans = [
            Span(title.rjust(max(0, left - 2)) + " ", "dim" if title != label else style),
            Span(glyphs.rail, "dim"),
            Span("".join(texts[:known]), style),
            Span("".join(texts[known:]), "dim"),
        ]
        found.append(tuple(span for span in spans if span.text))
    return found


def _height(scale: Scale, value: float, levels: int) -> int:
    """Give a bar at least one level; one that never changes stands at half height."""
    return max(1, round(scale.share(value) * levels))
