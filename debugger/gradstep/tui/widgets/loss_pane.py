"""Pane 4, last tab: the losses of the run as curves."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.pane_keys import pane_bindings
from gradstep.tui.widgets.hint import show_hint
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.loss import LossView, Part, loss_view

LEAST = 8
"""Events that a part of the run has at least."""


class LossPane(LinesView):
    """One curve for each line that calls backward(); a click goes to the call."""

    BINDINGS: ClassVar[list[BindingType]] = pane_bindings("Loss")
    HELP: ClassVar[str] = (
        "Every number that backward() began from, over the run: one curve for each line of the "
        "script that calls it, and under it the norm of the gradients (|g|) and the rate (lr). "
        "From 20 values on the bright curve is the running mean and the dim one the values (~ "
        "shows the values alone). What comes after the cursor is dim; ◆ marks the cursor, letters "
        "your marks, ● where a breakpoint stopped. A very wide range is drawn on a logarithmic "
        "scale. + and - zoom around the cursor, arrows move the part, 0 shows all. "
        "A click goes to that call of backward(); E writes all losses as CSV."
    )
    has_row_cursor = False

    class Picked(Message):
        """A point of a curve was clicked."""

        def __init__(self, seq: int) -> None:
            """Say which call of backward()."""
            super().__init__()
            self.seq = seq

    class ExportAsked(Message):
        """The losses are to be written into a file."""

    def __init__(self) -> None:
        """Start without a loss."""
        super().__init__(id="loss-view")
        self.frame = EMPTY
        self.view: LossView | None = None
        self.part: Part | None = None
        self.smooth = True
        self._run: object = None

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        width, height = self.size
        if frame.moment is None or not width or not height:
            return
        if frame.moment.run is not self._run:
            self._run, self.part = frame.moment.run, None
        stops = dict.fromkeys(frame.stops, frame.glyphs.breakpoint)
        self.view = loss_view(
            frame.moment,
            head=frame.head,
            width=width,
            height=height,
            part=self.part,
            smooth=self.smooth,
            signs={**stops, **frame.marks},
            glyphs=frame.glyphs,
        )
        self.show_lines(self.view.lines)
        show_hint(self)

    @property
    def hint(self) -> str:
        """What the border says."""
        if self.view is None or not any(self.view.seqs):
            return ""
        mean = "mean" if self.smooth else "values"
        shown = "+ - zoom" if self.part is None else "+ - ←→ part  0 all"
        return f"{shown}  ~ {mean}  E export"

    def clicked(self, row: int, column: int) -> None:
        """Go to the call of backward() under the mouse."""
        seqs = self.view.seqs[row] if self.view is not None else ()
        if column < len(seqs) and seqs[column]:
            self.post_message(self.Picked(seqs[column]))

    def on_resize(self) -> None:
        """Draw the curves in the new size."""
        self.paint(self.frame)

    def action_smooth(self) -> None:
        """Draw the running mean, or no longer."""
        self.smooth = not self.smooth
        self.paint(self.frame)

    def action_zoom(self, by: int) -> None:
        """Show half as long a part around the cursor, or twice as long a one."""
        first, last = self.part or (1, self.frame.head)
        length = (last - first + 1) // 2 if by > 0 else 2 * (last - first + 1)
        here = self.frame.cursor
        centre = here if first <= here <= last else (first + last) // 2
        self._show_part(centre - length // 2, max(LEAST, length))

    def action_shift(self, by: int) -> None:
        """Show the part before, or after."""
        if self.part is not None:
            first, last = self.part
            length = last - first + 1
            self._show_part(first + by * max(1, length // 4), length)

    def action_whole(self) -> None:
        """Show the whole run."""
        self.part = None
        self.paint(self.frame)

    def action_export(self) -> None:
        """Ask for a file."""
        self.post_message(self.ExportAsked())

    def _show_part(self, first: int, length: int) -> None:
        head = self.frame.head
        if length >= head:
            self.part = None
        else:
            first = max(1, min(first, head - length + 1))
            self.part = (first, first + length - 1)
        self.paint(self.frame)
