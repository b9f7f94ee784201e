"""How the numbers of a tensor are spread: bars over several rows, and what no bar can hold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from gradstep.trace.census import census
from gradstep.views import numbers
from gradstep.views.text import Line, Span, crop, line, whole_parts

if TYPE_CHECKING:
    from gradstep.views.glyphs import Glyphs


LEAST_BINS: Final = 10


def counts_of(array: Any, bins: int) -> tuple[Any, float, float] | None:
    """Count the finite numbers in bins of one width; None if all are alike or there is none."""
    import numpy as np

    values = array.reshape(-1)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        values = values[np.isfinite(values)]
    if values.dtype.itemsize < 4 or values.dtype.kind != "f":
        values = values.astype(float)
    if values.size < 2:
        return None
    low, high = float(values.min()), float(values.max())
    if low == high:
        return None
    # Faster than numpy.histogram, and halves so that a range of huge numbers does not overflow.
    scale = (bins / 2) / (high / 2 - low / 2)
    with np.errstate(all="ignore"):
        places = ((values / 2 - low / 2) * (2 * scale)).astype(np.intp)
    np.clip(places, 0, bins - 1, out=places)
    return np.bincount(places, minlength=bins), low, high


def bars(array: Any, width: int, glyphs: Glyphs) -> tuple[str, float, float] | None:
    """Draw the spread in one row, with the ends of the scale; None if there is nothing to draw."""
    found = counts_of(array, width) if width >= 4 else None
    if found is None:
        return None
    counts, low, high = found
    (row,) = _rows(counts, 1, glyphs)
    return row, low, high


def histogram_lines(array: Any, width: int, height: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Draw the spread over `height` rows with both axes, and count what is not finite beside it."""
    told = _census(array, width, glyphs)
    columns = max(4, width - 8)
    # Few numbers in many bins are a comb; a bin may be several columns wide.
    wide = max(1, columns // max(LEAST_BINS, math.ceil(2 * array.size**0.5)))
    found = counts_of(array, columns // wide) if width >= 12 else None
    if found is None or height < 3:
        one = "all finite numbers are alike" if array.size > 1 else "one number"
        return (told, line((one if array.size else "no elements", "dim")))[: max(1, height)]
    counts, low, high = found
    counts = counts.repeat(wide)
    rows = max(1, height - 2)
    highest = int(counts.max())
    lines: list[Line] = [told]
    for number, text in enumerate(_rows(counts, rows, glyphs)):
        label = numbers.count(highest) if number == 0 else "0" if number == rows - 1 else ""
        edge = glyphs.tee_left if label else glyphs.rail
        lines.append(line((label.rjust(6)[-6:] + " ", "dim"), (edge, "dim"), (text, "backward")))
    lines.append(_axis(low, high, len(counts)))
    return tuple(crop(one, width) for one in lines)


def _rows(counts: Any, rows: int, glyphs: Glyphs) -> list[str]:
    """Draw bars from the top row to the lowest; a bin that holds anything is seen."""
    import numpy as np

    levels = len(glyphs.blocks)
    highest = int(counts.max()) or 1
    if rows == 1:
        heights = np.where(counts > 0, np.rint(counts / highest * (levels - 1)) + 1, 0)
    else:
        heights = np.where(counts > 0, np.maximum(1, np.rint(counts / highest * rows * levels)), 0)
    found = []
    for row in range(rows - 1, -1, -1):
        part = np.clip(heights - row * levels, 0, levels).astype(int)
        found.append("".join(glyphs.blocks[level - 1] if level else " " for level in part.tolist()))
    return found


def _axis(low: float, high: float, columns: int) -> Line:
    """Write both ends under the bars, and where zero is between them."""
    first, last = numbers.short(low), numbers.short(high)
    row = list(first.ljust(columns - len(last)) + last)[: max(columns, len(first) + len(last))]
    if low < 0 < high:
        zero = round((0 - low) / (high - low) * (columns - 1))
        around = row[max(0, zero - 1) : zero + 2]
        if 0 < zero < columns - 1 and all(one == " " for one in around):
            row[zero] = "0"
    return line((" " * 8 + "".join(row), "dim"))


def _census(array: Any, width: int, glyphs: Glyphs) -> Line:
    """Count by kind; what is not finite comes first, and is never left out for want of room."""
    found = census(array)
    parts = [
        ("NaN", found.nan, "error bold"),
        (f"+{glyphs.infinity}", found.infinite, "error bold"),
        (f"-{glyphs.infinity}", found.negative_infinite, "error bold"),
        ("negative", found.negative, ""),
        ("zero", found.zero, ""),
        ("positive", found.positive, ""),
    ]
    spans: list[Span] = []
    for label, count, style in parts:
        if count:
            gap = [Span("  ")] if spans else []
            spans += [*gap, Span(f"{label} ", style or "dim"), Span(numbers.count(count), style)]
    return whole_parts(tuple(spans), width)
