"""Pane 4, second tab: what the optimizer holds, and one update in numbers."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.pane_keys import pane_bindings
from gradstep.tui.widgets.hint import show_hint
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.optimizer import optimizer_view
from gradstep.views.optimizer_rows import OptimizerView
from gradstep.views.optimizer_sort import UNSORTED
from gradstep.views.text import Line


class OptimizerPane(LinesView):
    """Rows of parameters; under the selected one stands its update in numbers."""

    BINDINGS: ClassVar[list[BindingType]] = pane_bindings("Optimizer")
    HELP: ClassVar[str] = (
        "The optimizer's groups, the state it keeps for every parameter, and under the selected "
        "parameter the update of one element with this run's own numbers. Up and down select a "
        "parameter. Before a step the rows are what it is about to do, worst first; after it they "
        "say whether it did what its formula says, with the course of |Δ|/|θ| over the last steps. "
        "< and > sort by another column, r turns the order round. = changes a hyper-parameter, a "
        "value or a gradient; X leaves the selected parameter out of the step, x the whole step."
    )

    def __init__(self) -> None:
        """Start without an optimizer."""
        super().__init__(id="optimizer-view")
        self.frame = EMPTY
        self.view: OptimizerView | None = None
        self.sort = UNSORTED

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        if frame.moment is None or not self.size.width:
            return
        step = frame.session.at_step if frame.session is not None else None
        stands = step is not None and frame.cursor == frame.head
        view = optimizer_view(
            frame.moment,
            selected=frame.selection.parameter,
            width=max(20, self.size.width - 1),
            glyphs=frame.glyphs,
            live=frame.live_figures,
            left_out=step.left_out if step is not None and stands else (),
            skips_step=step is not None and stands and step.skips_step,
            sort=self.sort,
        )
        self.view = view
        self.content_changed()
        show_hint(self)
        self.row = view.line_of(view.selected) if view.rows else 0
        self.reveal(min(self.row + len(view.formula), len(view) - 1))
        self.reveal(self.row)

    def row_count(self) -> int:
        """Return how many lines the view has, or a failure in its place."""
        return len(self.view) if self.view is not None else super().row_count()

    def row_line(self, row: int, width: int) -> Line:
        """Return one of them, made now."""
        return self.view.line_at(row) if self.view is not None else super().row_line(row, width)

    def content_width(self) -> int:
        """Rows are fitted to the pane."""
        return 0

    @property
    def hint(self) -> str:
        """What the border says: the order, and how to change it."""
        if self.view is None or len(self.view.rows) < 2:
            return ""
        by = f"by {self.sort.by}" if self.sort.by in self.view.columns else "sort"
        turned = "[r]" if self.sort.is_reversed else "r"
        return f"<> {by}  {turned} reverse"

    def action_sort(self, by: int) -> None:
        """Sort by another column."""
        if self.view is not None and self.view.rows:
            self.sort = self.sort.moved(by, self.view.columns)
            self.paint(self.frame)

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.sort = self.sort.reversed()
        self.paint(self.frame)

    def select_row(self, row: int) -> None:
        """Stay on the rows of parameters; the selected one's formula is skipped."""
        if self.view is None or not self.view.rows:
            return
        first, last = self.view.line_of(0), self.view.line_of(len(self.view.rows) - 1)
        row = max(first, min(row, last))
        if self.view.row_at(row) is None:
            down = row > self.row
            row = self.view.line_of(self.view.selected + 1 if down else self.view.selected)
        super().select_row(row)

    def parameter_at(self, row: int) -> int | None:
        """Return the tensor of a row, None where the row is no parameter's."""
        number = self.view.row_at(row) if self.view is not None else None
        return None if self.view is None or number is None else self.view.rows[number].tensor

    def on_resize(self) -> None:
        """Set the lines anew in the new width."""
        self.paint(self.frame)
