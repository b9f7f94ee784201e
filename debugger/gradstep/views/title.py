"""The title line: where the script is and how its training goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, justify, line

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

STATES = {
    "starting": "… STARTING",
    "running": "► RUNNING",
    "paused": "■ PAUSED",
    "past": "◄ PAST",
    "exited": "□ ENDED",
    "recorded": "○ RECORDED",
}


def title_line(
    moment: Moment | None,
    *,
    state: str,
    width: int,
    note: str = "",
    glyphs: Glyphs = UNICODE,
) -> Line:
    """Give script:line, iteration, step, loss with its course, |g|, lr, and the state at right.

    `state` is starting, running, paused, past (cursor before the live edge), exited or recorded;
    `note` is set before it (e.g. "built-in engine"). Exactly `width` cells; parts that do not
    fit go away as a whole, the least important first.
    """
    return justify(line((" gradstep ", "accent chip")), line((STATES.get(state, state), "")), width)
