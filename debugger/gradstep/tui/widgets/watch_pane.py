"""Pane 3, third tab: what is watched, at the event under the cursor."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from gradstep.session.watches import Reading, readings
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.watches import no_watches, watch_lines


class WatchPane(LinesView):
    """One watch per row."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,backspace,d", "remove", "Remove", show=False)
    ]
    HELP: ClassVar[str] = (
        "Watched tensors and expressions: the value now (|·| is a norm), the change since the "
        "value before (Δ), and how it went up to here. W watches what is selected, `watch EXPR` "
        "in the console any expression; Delete removes a row; Enter shows its tensor. Tensors, "
        "gradients, loss and lr are read from the trace, also in the past; others are evaluated "
        "at each stop."
    )

    class Removed(Message):
        """Delete was pressed on a row."""

        def __init__(self, text: str) -> None:
            """Say which expression."""
            super().__init__()
            self.text = text

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="watch-view")
        self.frame = EMPTY
        self.readings: list[Reading] = []

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        if frame.moment is None or frame.session is None:
            return
        book = frame.session.looking.watches
        self.readings = readings(book, frame.moment, live=frame.state == "paused")
        rows = watch_lines(self.readings, self.size.width or 80, frame.glyphs)
        self.show_lines(rows or no_watches())

    def tensor_at(self, row: int) -> int | None:
        """Return the tensor of a row."""
        return self.readings[row].tensor if 0 <= row < len(self.readings) else None

    def action_remove(self) -> None:
        """Watch the row's expression no longer."""
        if 0 <= self.row < len(self.readings):
            self.post_message(self.Removed(self.readings[self.row].text))

    def on_resize(self) -> None:
        """Set the rows anew in the new width."""
        self.paint(self.frame)
