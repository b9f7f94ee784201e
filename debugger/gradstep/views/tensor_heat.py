"""A matrix as a picture of heat: each place of it the element of largest magnitude there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, Span, whole_parts, width_of

STEPS: Final = 32
"""Heats between none and most; the sign is the element's."""

NAN: Final = 99
INFINITE: Final = 98
BLANK: Final = 97
"""What stands in a picture for NaN, for an infinity (with its sign), and outside of the matrix."""

LARGEST: Final = 6
"""An element of a small matrix is drawn with so many dots a side at most."""

LABEL: Final = 6
"""Columns before the picture, for the numbers of the rows."""


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A picture of (a part of) a matrix: `dots[y][x]` is a heat from -STEPS to STEPS, or a sign.

    `dense` dots stand one over the other in a cell of the terminal. The part has its first element
    at (`top`, `left`), and `high` times `wide` elements. A vector is `folded` into rows.
    """

    dots: tuple[tuple[int, ...], ...]
    dense: int
    top: int
    left: int
    high: int
    wide: int
    folded: bool
    cursor: tuple[int, int] | None
    row_labels: tuple[str, ...]
    axis: Line
    legend: Line
    glyphs: Glyphs = UNICODE

    @property
    def lines(self) -> tuple[Line, ...]:
        """The picture in letters, of two dots in a cell the upper one, with axis and legend."""
        found = [
            (Span(label, "dim"), Span("".join(letter_of(dot, self.glyphs) for dot in row)))
            for label, row in zip(self.row_labels, self.dots[:: self.dense], strict=True)
        ]
        return (*found, self.axis, self.legend)

    @property
    def rows(self) -> int:
        """How many rows of the terminal it takes."""
        return -(-len(self.dots) // self.dense)


def heat_map(
    matrix: Any,
    peak: float,
    *,
    width: int,
    height: int,
    zoom: int = 0,
    cursor: tuple[int, int] | None = None,
    glyphs: Glyphs = UNICODE,
) -> HeatMap:
    """Draw a matrix, or a vector in rows, into `width` columns and `height` rows.

    `peak` is the largest finite magnitude of the whole tensor. With `zoom` it is a part around the
    cursor, half as high and wide each time.
    """
    import numpy as np

    dense = 2 if glyphs is UNICODE else 1
    across, down = max(1, width - LABEL), max(1, height - 2) * dense
    folded = matrix.ndim < 2
    size = matrix.size
    if folded:
        per_row = min(size, max(1, across, -(-size // down))) or 1
        padded = np.full(-(-size // per_row) * per_row, np.nan)
        padded[:size] = matrix.reshape(-1)
        matrix = padded.reshape(-1, per_row)
        if cursor is not None:
            cursor = divmod(cursor[1], per_row)
    rows, columns = matrix.shape
    top, high = _part(rows, zoom, cursor[0] if cursor else 0)
    left, wide = _part(columns, zoom, cursor[1] if cursor else 0)
    part = matrix[top : top + high, left : left + wide]
    block, y_edges, x_edges = largest(part, down, across)
    dots = _dots(block, peak)
    if folded:
        inside = np.add.outer((top + y_edges) * columns, left + x_edges) < size
        dots = np.where(inside, dots, BLANK)
    scale_y, scale_x = _scales(dots.shape[0], dots.shape[1], down, across, dense)
    picture = np.repeat(np.repeat(dots, scale_y, axis=0), scale_x, axis=1)
    here = None
    if cursor is not None:
        here = (
            _edge_of(y_edges, cursor[0] - top) * scale_y // dense,
            _edge_of(x_edges, cursor[1] - left) * scale_x,
        )
    per_cell = (-(-high // len(y_edges)), -(-wide // len(x_edges)))
    return HeatMap(
        dots=tuple(map(tuple, picture.tolist())),
        dense=dense,
        top=top,
        left=left,
        high=high,
        wide=wide,
        folded=folded,
        cursor=here,
        row_labels=_row_labels(y_edges, top, scale_y, dense, columns if folded else 1),
        axis=_axis(left, wide, min(picture.shape[1], across)),
        legend=_legend(dots, peak, per_cell, width, glyphs),
        glyphs=glyphs,
    )


def _part(size: int, zoom: int, centre: int) -> tuple[int, int]:
    """Give where the shown part of a side begins, and how long it is."""
    length = max(1, min(size, max(-(-size // 2**zoom), 4)))
    return max(0, min(centre - length // 2, size - length)), length


def _edges(size: int, places: int) -> Any:
    import numpy as np

    places = max(1, min(size, places))
    return np.arange(places) * size // places


def largest(part: Any, down: int, across: int) -> tuple[Any, Any, Any]:
    """Give the element of largest magnitude of each block; NaN where it holds one."""
    import numpy as np

    if part.dtype.kind not in "f":
        part = part.astype(float)
    y_edges, x_edges = _edges(part.shape[0], down), _edges(part.shape[1], across)
    if part.shape == (len(y_edges), len(x_edges)):
        return part, y_edges, x_edges
    with np.errstate(invalid="ignore"):
        high = np.maximum.reduceat(np.maximum.reduceat(part, y_edges, axis=0), x_edges, axis=1)
        low = np.minimum.reduceat(np.minimum.reduceat(part, y_edges, axis=0), x_edges, axis=1)
        # NaN goes through both; where it stands neither comparison holds.
        return np.where(-low > high, low, high), y_edges, x_edges


def _dots(block: Any, peak: float) -> Any:
    """Scale elements to heats; the square root keeps small ones apart from zero."""
    import numpy as np

    block = block.astype(float)
    with np.errstate(all="ignore"):
        share = np.sqrt(np.minimum(np.abs(block) / peak, 1.0)) if peak else np.zeros(block.shape)
        dots = np.rint(np.sign(block) * np.nan_to_num(share) * STEPS)
    # A number that is not zero is never drawn as if it were.
    dots = np.where((dots == 0) & (block != 0), np.sign(np.nan_to_num(block)), dots)
    dots = np.where(np.isinf(block), np.sign(block) * INFINITE, dots)
    dots = np.where(np.isnan(block), NAN, dots)
    return dots.astype(int)


def _scales(rows: int, columns: int, down: int, across: int, dense: int) -> tuple[int, int]:
    """Say how many dots a place gets each way, so that small matrices fill the room.

    Two dots in a cell are about square, one is twice as high as wide.
    """
    wide = 1 if dense == 2 else 2
    side = max(1, min(down // rows, across // (columns * wide), LARGEST * dense // 2))
    if side > 1:
        return side, side * wide
    # Where one way is full already, the other may be drawn out a little.
    return max(1, min(down // rows, dense)), max(1, min(across // columns, 4))


def _edge_of(edges: Any, place: int) -> int:
    import numpy as np

    return max(0, int(np.searchsorted(edges, place, side="right")) - 1)


def _row_labels(edges: Any, top: int, scale: int, dense: int, per_row: int) -> tuple[str, ...]:
    """Give each row of the terminal the number of the first row of the matrix in it."""
    found = []
    for dot in range(0, len(edges) * scale, dense):
        begins = -(-dot // scale)
        shown = begins < len(edges) and begins * scale < dot + dense
        number = (top + int(edges[min(begins, len(edges) - 1)])) * per_row
        found.append((str(number) if shown else "").rjust(LABEL - 1)[-LABEL + 1 :] + " ")
    return tuple(found)


def _axis(left: int, wide: int, columns: int) -> Line:
    first, last = str(left), str(left + wide - 1)
    gap = columns - len(first) - len(last)
    text = first if wide == 1 or gap < 1 else first + " " * gap + last
    return (Span(" " * LABEL + text, "dim"),)


def _legend(dots: Any, peak: float, per_cell: tuple[int, int], width: int, glyphs: Glyphs) -> Line:
    """Say what the heats mean, what is not finite, and how many elements a place stands for."""
    scale: list[Span] = []
    if glyphs is UNICODE:
        scale.append(Span(f"-{numbers.short(peak)} ", "dim"))
        scale += [Span(" ", f"heat:{step / 4:g}") for step in range(-4, 5)]
        scale.append(Span(f" {numbers.short(peak)}", "dim"))
    else:
        scale.append(Span(f"i-a negative, 1-9 positive, of {numbers.short(peak)}", "dim"))
    rest: list[Span] = []
    if (dots == NAN).any():
        rest += [Span("N NaN", "error bold"), Span("  ")]
    if (abs(dots) == INFINITE).any():
        rest += [Span(f"{glyphs.infinity} Inf", "error bold"), Span("  ")]
    if per_cell != (1, 1):
        text = f"max |x| of {per_cell[0]}{'×' if glyphs is UNICODE else 'x'}{per_cell[1]} each"
        rest.append(Span(text, "dim"))
    told = whole_parts(tuple(rest), width - width_of(tuple(scale)) - 2)
    return (*scale, *((Span("  "), *told) if told else ()))


def sign_of(dot: int, glyphs: Glyphs) -> str:
    """Give the character of a dot that has no heat: `N`, the infinity, a blank; else ""."""
    if dot == NAN:
        return "N"
    if abs(dot) == INFINITE:
        return glyphs.infinity
    return " " if dot == BLANK else ""


def letter_of(dot: int, glyphs: Glyphs) -> str:
    """Give a dot as a character, for a terminal without colours: `1`…`9`, `a`…`i`, `.` for zero."""
    sign = sign_of(dot, glyphs)
    if sign or dot == 0:
        return sign or "."
    strength = max(1, min(9, -(-abs(dot) * 9 // STEPS)))
    return str(strength) if dot > 0 else "abcdefghi"[strength - 1]
