"""The explanation of a frame: what the script stands at, and the card of the event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.views.explain import explain
from gradstep.views.text import Line, line, wrap

if TYPE_CHECKING:
    from gradstep.tui.frame import Frame


def card_lines(frame: Frame, width: int) -> tuple[Line, ...]:
    """Explain the selected row, else the exception and the event under the cursor."""
    assert frame.moment is not None
    if frame.is_asked and frame.selection.seq is None:
        text = "What comes is the lesson's question: answer in pane 3."
        return tuple(wrap([line((f"{word} ", "dim")) for word in text.split()], width, indent=0))
    card = explain(
        frame.moment,
        selected=frame.selection.seq,
        width=width,
        glyphs=frame.glyphs,
        live=frame.live_figures,
    )
    if not frame.failure or frame.selection.seq is not None:
        return card.lines
    words = frame.failure.split()
    said = wrap(
        [line((f"{frame.glyphs.cross} ", "error bold"))]
        + [line((f"{word} ", "error")) for word in words],
        width,
    )
    before = line(("the last event before it", "dim"))
    return (*said, before, *card.lines)
