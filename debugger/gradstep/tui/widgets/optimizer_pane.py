"""Pane 4, second tab: what the optimizer holds, and one update in numbers."""

from __future__ import annotations

from typing import ClassVar

from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.optimizer import OptimizerView, optimizer_view


class OptimizerPane(LinesView):
    """Rows of parameters; the formula below belongs to the selected one."""

    HELP: ClassVar[str] = (
        "The optimizer's groups, the state it keeps for every parameter, and below the update of "
        "the selected parameter's element with this run's own numbers. Up and down select a "
        "parameter. The optimizer never sees the loss: backward writes .grad, step reads it."
    )

    def __init__(self) -> None:
        """Start without an optimizer."""
        super().__init__(id="optimizer-view")
        self.frame = EMPTY
        self.view: OptimizerView | None = None

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        if frame.moment is None or not self.size.width:
            return
        view = optimizer_view(
            frame.moment,
            selected=frame.selection.parameter,
            width=self.size.width,
            glyphs=frame.glyphs,
        )
        self.view = view
        chosen = next((i for i, row in enumerate(view.rows) if row.selected), 0)
        self.show_lines(view.lines)
        self.row = self._first + chosen if view.rows else 0
        self.reveal(self.row)

    def select_row(self, row: int) -> None:
        """Stay on the rows of parameters."""
        if self.view is None or not self.view.rows:
            return
        super().select_row(max(self._first, min(row, self._first + len(self.view.rows) - 1)))

    def parameter_at(self, row: int) -> int | None:
        """Return the tensor of a row, None where the row is no parameter's."""
        if self.view is None or not 0 <= row - self._first < len(self.view.rows):
            return None
        return self.view.rows[row - self._first].tensor

    @property
    def _first(self) -> int:
        """The index of the first parameter's row."""
        return len(self.view.header) + 1 if self.view is not None else 0

    def on_resize(self) -> None:
        """Set the lines anew in the new width."""
        self.paint(self.frame)
