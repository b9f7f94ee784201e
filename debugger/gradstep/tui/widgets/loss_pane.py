"""Pane 4, last tab: the losses of the run as curves."""

from __future__ import annotations

from typing import ClassVar

from textual.message import Message

from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.loss import LossView, loss_view


class LossPane(LinesView):
    """One curve for each line that calls backward(); a click goes to the call."""

    HELP: ClassVar[str] = (
        "Every number that backward() began from, over the run: one curve for each line of the "
        "script that calls it. From 20 values on the bright curve is the running mean and the dim "
        "one the values. What comes after the cursor is dim; ◆ marks the cursor. A very wide range "
        "is drawn on a logarithmic scale. A click goes to that call of backward()."
    )
    has_row_cursor = False

    class Picked(Message):
        """A point of a curve was clicked."""

        def __init__(self, seq: int) -> None:
            """Say which call of backward()."""
            super().__init__()
            self.seq = seq

    def __init__(self) -> None:
        """Start without a loss."""
        super().__init__(id="loss-view")
        self.frame = EMPTY
        self.view: LossView | None = None

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        width, height = self.size
        if frame.moment is None or not width or not height:
            return
        self.view = loss_view(
            frame.moment, head=frame.head, width=width, height=height, glyphs=frame.glyphs
        )
        self.show_lines(self.view.lines)

    def clicked(self, row: int, column: int) -> None:
        """Go to the call of backward() under the mouse."""
        seqs = self.view.seqs[row] if self.view is not None else ()
        if column < len(seqs) and seqs[column]:
            self.post_message(self.Picked(seqs[column]))

    def on_resize(self) -> None:
        """Draw the curves in the new size."""
        self.paint(self.frame)
