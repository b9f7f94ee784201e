"""What the row of the timeline is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.views.glyphs import PHASE_STYLES, Glyphs, phase_glyph

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow


@dataclass(frozen=True, slots=True)
class Column:
    """One cell: its character, its style, and the event that a click on it goes to."""

    text: str
    style: str
    seq: int


_SINGLE: Final = {
    "accumulated": "+",
    "updated": "=",
    "zeroed": "0",
    "output": '"',
    "edited": "!",
    "skipped": "!",
    "graph_cut": "/",
}


def event_column(row: EventRow, glyphs: Glyphs) -> Column:
    """Give one event as a column: phases begin with their sign, ops and nodes are dots."""
    style = PHASE_STYLES[row.phase]
    if row.kind == "phase_entered":
        return Column(phase_glyph(glyphs, row.phase), f"{style} bold", row.seq)
    if row.kind == "phase_exited":
        return Column(glyphs.tee_left, style, row.seq)
    if row.kind in ("op", "node"):
        return Column(glyphs.small, style, row.seq)
    return Column(_SINGLE.get(row.kind, glyphs.other), style, row.seq)
