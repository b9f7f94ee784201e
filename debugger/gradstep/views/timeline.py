"""The run as one row: a glyph per event, iterations side by side, the cursor where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, pad

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class Timeline:
    """The row.

    `seqs[i]` is the event that column i stands for, None between and after events.
    `caption` is for the border: which event of how many.
    """

    line: Line
    seqs: tuple[int | None, ...]
    caption: str


def timeline(
    moment: Moment, *, head: int, width: int, live: bool = False, glyphs: Glyphs = UNICODE
) -> Timeline:
    """Show the stretch of events around the cursor; reads only what is visible."""
    return Timeline(pad((), width), (None,) * width, f"event {moment.event.seq} of {head}")
