"""How the tensor pane looks at a tensor: mode, comparison, slice, window, element."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, Span

MODES: Final = ("values", "heat", "histogram")
COMPARISONS: Final = ("now", "before", "change")

WORDS_FROM: Final = 54
"""Columns from which the modes are named; in less their signs stand alone."""


@dataclass(frozen=True, slots=True)
class Lens:
    """What of a tensor is shown, and how.

    `row` and `column` are where the window on the matrix begins, `leading` the place in the
    dimensions before the last two, and `axis` which of these `<` and `>` move. `zoom` halves what
    the heat map shows as often as it says. `cursor` is the element that the arrow keys move, a
    whole index; `followed` the tensor and index of an element that stays in sight, whatever
    tensor is shown.
    """

    mode: str = "values"
    compare: str = "now"
    leading: tuple[int, ...] = ()
    axis: int = 0
    row: int = 0
    column: int = 0
    zoom: int = 0
    cursor: tuple[int, ...] | None = None
    followed: tuple[int, tuple[int, ...]] | None = None

    def next_mode(self) -> Lens:
        """Look in the next way."""
        return replace(self, mode=MODES[(MODES.index(self.mode) + 1) % len(MODES)])

    def for_shape(self, shape: tuple[int, ...]) -> Lens:
        """Keep what fits a tensor of this shape."""
        sizes = shape[:-2]
        leading = (*self.leading, *[0] * len(sizes))[: len(sizes)]
        leading = tuple(
            max(0, min(place, size - 1)) for place, size in zip(leading, sizes, strict=True)
        )
        return replace(
            self,
            leading=leading,
            axis=min(self.axis, max(0, len(sizes) - 1)),
            cursor=self.cursor if _is_in(self.cursor, shape) else None,
        )

    def sliced(self, by: int, shape: tuple[int, ...]) -> Lens:
        """Go through the chosen leading dimension; from its end to its beginning."""
        lens = self.for_shape(shape)
        if not lens.leading:
            return self
        leading = list(lens.leading)
        leading[lens.axis] = (leading[lens.axis] + by) % max(1, shape[lens.axis])
        cursor = (*leading, *lens.cursor[-2:]) if lens.cursor else None
        return replace(lens, leading=tuple(leading), cursor=cursor)

    def next_axis(self, shape: tuple[int, ...]) -> Lens:
        """Choose the next leading dimension."""
        count = max(1, len(shape) - 2)
        return replace(self, axis=(self.axis + 1) % count)


def _is_in(index: tuple[int, ...] | None, shape: tuple[int, ...]) -> bool:
    return (
        index is not None
        and len(index) == len(shape)
        and all(0 <= one < size for one, size in zip(index, shape, strict=True))
    )


def place_text(lens: Lens, shape: tuple[int, ...]) -> str:
    """Write which matrix of a tensor is shown: `[2, :, :]`; "" where there is one only.

    Of several leading dimensions the one that `<` and `>` move stands in angles.
    """
    lens = lens.for_shape(shape)
    if not lens.leading:
        return ""
    parts = [
        f"<{place}>" if number == lens.axis and len(lens.leading) > 1 else str(place)
        for number, place in enumerate(lens.leading)
    ]
    return "[" + ", ".join([*parts, ":", ":"]) + "]"


def mode_chips(mode: str, width: int, glyphs: Glyphs) -> Line:
    """Name the modes with the chosen one in brackets; signs alone where there is little room."""
    signs = {"values": "#", "heat": glyphs.heat, "histogram": glyphs.wave}
    if glyphs is not UNICODE:
        signs = {}
    words = {"values": "values", "heat": "heat", "histogram": "hist"}
    spans: list[Span] = []
    for name in MODES:
        both = (signs.get(name, ""), words[name] if width >= WORDS_FROM or not signs else "")
        text = " ".join(part for part in both if part)
        spans.append(Span(" ", "") if spans else Span(""))
        here = name == mode
        spans.append(Span(f"[{text}]" if here else text, "accent bold" if here else "dim"))
    return tuple(span for span in spans if span.text)
