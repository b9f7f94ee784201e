"""Nothing that is painted may command the terminal: names come from scripts and from strangers."""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from gradstep.views.text import visible


class Harmless(LineFilter):
    """Takes characters without a sign of their own out of borders, titles and inputs.

    Lines of the views have had signs put in their place before (paint.py); here they were counted
    as no cell.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Give the segments anew."""
        return [
            segment
            if segment.control or segment.text.isprintable()
            else Segment(_without(segment.text), segment.style)
            for segment in segments
        ]


def _without(text: str) -> str:
    return "".join(one for one in text if one == visible(one))
