"""Pane 4, first tab: one tensor with its statistics, values, heat and histogram."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.strip import Strip

from gradstep.tui.card_lines import card_lines
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.paint import Painter
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.passing import passed_gradient
from gradstep.views.subject import latest_subject
from gradstep.views.tensor import TensorView, tensor_view
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

PICTURE_GAP = 3
LEAST_CARD = 3
"""An explanation of less rows is left out."""


class TensorPane(LinesView):
    """A window on a matrix; the arrow keys move the window."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "pan(-1, 0)", "Up", show=False),
        Binding("down", "pan(1, 0)", "Down", show=False),
        Binding("left", "pan(0, -1)", "Left", show=False),
        Binding("right", "pan(0, 1)", "Right", show=False),
        Binding("pageup", "pan(-10, 0)", "Page up", show=False),
        Binding("pagedown", "pan(10, 0)", "Page down", show=False),
        Binding("home", "pan(-1000000000, -1000000000)", "First", show=False),
        Binding("less_than_sign", "slice(-1)", "Previous matrix", show=False),
        Binding("greater_than_sign", "slice(1)", "Next matrix", show=False),
    ]
    HELP: ClassVar[str] = (
        "The selected tensor as it was at the event under the cursor: statistics, values with "
        "blue for negative and orange for positive, a dot for zero, histogram. "
        "Of a leaf value and .grad are shown together; v switches which of them fills the pane. "
        "Arrow keys move the window, < and > go through the leading dimensions, "
        "L goes to the event that last changed it. On a narrow screen the explanation stands here "
        "while the graph is out of sight; with the focus (4) the tensor has all rows."
    )
    has_row_cursor = False

    def __init__(self) -> None:
        """Start without a tensor."""
        super().__init__(id="tensor-view")
        self.frame = EMPTY
        self.view: TensorView | None = None
        self._where = [0, 0, 0]
        self._shown: tuple[int | None, str] = (None, "")
        self._body: list[int] = []

    def paint(self, frame: Frame) -> None:
        """Take a new instant; another tensor starts at its first element."""
        self.frame = frame
        key = (frame.tensor, frame.selection.what)
        if key != self._shown:
            self._where = [0, 0, 0]
            self._shown = key
        self._look()

    def _look(self) -> None:
        moment = self.frame.moment
        if moment is None or not self.size.width:
            return
        card = self._card()
        view = self._selected_view(moment)
        if view.tensor is None and (other := latest_subject(moment)) is not None:
            # An event about no tensor (the end of a phase) leaves the one before in sight.
            view = self._view_of(moment, other)
        matrix = self._where[2]
        self.view = view
        self._where = [view.row, view.column, min(matrix, max(0, view.slices - 1))]
        lines: list[Line] = [part for part in (view.header, view.stats, view.companion) if part]
        if card and self.size.height - len(lines[:2]) >= LEAST_CARD:
            self._body = []
            self.show_lines([*lines[:2], *card][: self.size.height])
            return
        first = len(lines)
        if view.cells:
            lines.append(self._column_titles(view))
            first = len(lines)
            lines.extend(() for _ in view.cells)
        lines.extend(view.note)
        lines.extend(part for part in (view.more, view.histogram) if part)
        lines.extend(view.history)
        self._body = list(range(first, first + len(view.cells)))
        self.show_lines(lines)

    def _card(self) -> list[Line]:
        """Return the explanation, under a rule, where pane 2 that has it is out of sight.

        With the focus here the tensor has all rows, without it only those that sum it up.
        """
        graph = self.screen.query("#graph")
        if self.has_focus or not graph or graph.first().display:
            return []
        return [
            line((self.frame.glyphs.across * self.size.width, "dim")),
            *card_lines(self.frame, self.size.width - 1),
        ]

    def on_focus(self) -> None:
        """Give the tensor all rows."""
        self.call_after_refresh(self._look_anew)

    def on_blur(self) -> None:
        """Make room for the explanation again."""
        self.call_after_refresh(self._look_anew)

    def _look_anew(self) -> None:
        # At the end of the program nothing has the focus, and the recording is closed.
        if self.screen.focused is not None:
            self._look()

    def _selected_view(self, moment: Moment) -> TensorView:
        selection = self.frame.selection
        tensor, gradient = selection.tensor, selection.gradient
        if selection.what == "value" or gradient is None or tensor is None:
            return self._view_of(moment, tensor)
        if moment.is_leaf(tensor):
            return self._view_of(moment, tensor)
        if passed_gradient(moment, tensor) is not None:
            return self._view_of(moment, tensor)
        # A ghost's result lies in another iteration: its gradient there is the best there is.
        view = self._view_of(moment, gradient, "value")
        said = line(("gradient of ", "dim"), (moment.name(tensor), "backward bold"), "  ")
        return replace(view, tensor=tensor, header=(*said, *view.header[1:]))

    def _view_of(self, moment: Moment, tensor: int | None, what: str = "") -> TensorView:
        row, column, matrix = self._where
        return tensor_view(
            moment,
            tensor,
            what=what or self.frame.selection.what,
            row=row,
            column=column,
            slice_index=matrix,
            width=self.size.width,
            height=self.size.height,
            glyphs=self.frame.glyphs,
        )

    def _column_titles(self, view: TensorView) -> Line:
        label = max((len(text) for text in view.row_labels), default=0)
        cells = "".join(text.rjust(view.cell_width) for text in view.column_labels)
        return line((" " * (label + 2) + cells, "dim"))

    def row_strip(self, row: int, width: int, painter: Painter) -> Strip:
        """Paint a row of values on their heat, with the overview picture at the right."""
        view = self.view
        if view is None or row not in self._body:
            return super().row_strip(row, width, painter)
        index = row - self._body[0]
        label = max(len(text) for text in view.row_labels)
        segments = [Segment(" " + view.row_labels[index].rjust(label) + " ", painter.style("dim"))]
        for cell in view.cells[index]:
            if cell.heat is None:
                style = painter.style("warning bold")
            elif cell.heat == 0:
                style = painter.style("dim")
            else:
                style = painter.heat(cell.heat)
            segments.append(Segment(cell.text.rjust(view.cell_width), style))
        used = sum(segment.cell_length for segment in segments)
        segments.extend(self._picture(index, width - used, painter))
        return Strip(segments)

    def _picture(self, index: int, room: int, painter: Painter) -> list[Segment]:
        """Return one row of the overview: a half block holds two values."""
        view = self.view
        if view is None or not view.overview or not view.overview[0]:
            return []
        columns = len(view.overview[0])
        upper = index * 2
        if room < columns + PICTURE_GAP or upper >= len(view.overview):
            return []
        segments = [Segment(" " * PICTURE_GAP)]
        for column in range(columns):
            top = view.overview[upper][column]
            low = view.overview[upper + 1][column] if upper + 1 < len(view.overview) else 0.0
            if top is None or low is None:
                segments.append(Segment("!", painter.style("warning bold")))
            else:
                segments.append(Segment("▀", painter.half_block(top, low)))
        return segments

    def on_resize(self) -> None:
        """Take as many values as fit now."""
        self._look()

    def action_pan(self, rows: int, columns: int) -> None:
        """Move the window."""
        self._where[0] = max(0, self._where[0] + rows)
        self._where[1] = max(0, self._where[1] + columns)
        self._look()

    def action_slice(self, by: int) -> None:
        """Go through the leading dimensions."""
        self._where[2] = max(0, self._where[2] + by)
        self._look()
