"""Pane 4, third tab: the tensors by their names, as they were at the event under the cursor."""

from __future__ import annotations

from typing import ClassVar

from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.named import named_tensors


class LocalsPane(LinesView):
    """One name per row: leaves first, then the script's variables."""

    HELP: ClassVar[str] = (
        "Names that the script gave to tensors, with their values at the event under the cursor. "
        "Parameters come first. Enter shows the tensor; use the console (e) for anything else."
    )

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="locals-view")
        self.frame = EMPTY
        self._tensors: tuple[int, ...] = ()

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        moment = frame.moment
        if moment is None:
            return
        view = named_tensors(moment)
        self._tensors = view.tensors
        self.show_lines(view.lines)

    def tensor_at(self, row: int) -> int | None:
        """Return the tensor of a row."""
        return self._tensors[row] if 0 <= row < len(self._tensors) else None
