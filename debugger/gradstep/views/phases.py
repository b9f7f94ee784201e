"""The strip zero_grad ─ forward ─ backward ─ step of the current iteration, and its progress."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, line, pad

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class PhaseStrip:
    """Two rows: the phases with their state, and a progress line under them."""

    strip: Line
    progress: Line


def phase_strip(moment: Moment, *, width: int, glyphs: Glyphs = UNICODE) -> PhaseStrip:
    """Show where in its loop the script is; both lines are exactly `width` cells."""
    return PhaseStrip(pad(line((moment.event.phase, "bold")), width), pad((), width))
