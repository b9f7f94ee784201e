"""Pane 4, first tab: one tensor with its statistics, values, heat and histogram."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.message import Message
from textual.strip import Strip

from gradstep.tui.card_lines import card_lines
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.paint import Painter
from gradstep.tui.pane_keys import pane_bindings
from gradstep.tui.widgets.heat_strips import grid_strip, heat_strip
from gradstep.tui.widgets.hint import show_hint
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.glyphs import UNICODE
from gradstep.views.passing import passed_gradient
from gradstep.views.subject import latest_subject
from gradstep.views.tensor import TensorView, tensor_view
from gradstep.views.tensor_lens import COMPARISONS, Lens, place_text
from gradstep.views.text import Line, justify, line, plain

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

LEAST_CARD = 3
"""An explanation of less rows is left out."""

MOST_ZOOM = 20
FAR = 10**9


class TensorPane(LinesView):
    """A matrix, of which the arrow keys choose an element; the window goes with it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "pan(-1, 0)", "Up", show=False),
        Binding("down", "pan(1, 0)", "Down", show=False),
        Binding("left", "pan(0, -1)", "Left", show=False),
        Binding("right", "pan(0, 1)", "Right", show=False),
        Binding("pageup", "pan(-10, 0)", "Page up", show=False),
        Binding("pagedown", "pan(10, 0)", "Page down", show=False),
        Binding("home", f"pan(-{FAR}, -{FAR})", "First", show=False),
        Binding("end", f"pan({FAR}, {FAR})", "Last", show=False),
        *pane_bindings("Tensor"),
    ]
    HELP: ClassVar[str] = (
        "The selected tensor as it was at the event under the cursor. h shows its values (blue "
        "for negative, orange for positive, a dot for zero), a heat map of the whole matrix, or a "
        "histogram. d compares: the version before, the change since, and the same of the "
        "gradient; v switches between value and .grad. Arrow keys choose an element, Enter follows "
        "it through time. < and > go through the leading dimensions, a comma chooses which. "
        "L goes to the event that last changed the tensor. On a narrow screen the explanation "
        "stands here while the graph is out of sight; with the focus (4) the tensor has all rows."
    )
    has_row_cursor = False

    class ExportAsked(Message):
        """The tensor is to be written into a file."""

        def __init__(self, view: TensorView) -> None:
            """Say what is shown."""
            super().__init__()
            self.view = view

    class Copied(Message):
        """What is seen was asked for as text."""

        def __init__(self, text: str, told: str) -> None:
            """Give the text, and what it is of."""
            super().__init__()
            self.text = text
            self.told = told

    class OtherSideAsked(Message):
        """The gradient is to be shown in the place of the value, or the other way round."""

    def __init__(self) -> None:
        """Start without a tensor."""
        super().__init__(id="tensor-view")
        self.frame = EMPTY
        self.view: TensorView | None = None
        self.lens = Lens()
        self._shown: tuple[int | None, str] = (None, "")
        self._body: list[int] = []
        # Without colours a heat is a letter; two dots in a cell cannot be told apart then.
        self._is_plain = bool(os.environ.get("NO_COLOR"))

    def paint(self, frame: Frame) -> None:
        """Take a new instant; another tensor starts at its first element."""
        self.frame = frame
        key = (frame.tensor, frame.selection.what)
        if key != self._shown:
            lens = self.lens
            self.lens = Lens(mode=lens.mode, compare=lens.compare, followed=lens.followed)
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
        self.view = view
        if view.value is not None:
            lens = self.lens.for_shape(view.shape)
            here = (view.row, view.column) if view.cells else (lens.row, lens.column)
            self.lens = replace(lens, row=here[0], column=here[1])
        header = view.header
        if view.chips:
            header = justify(header, view.chips, self.size.width)
        lines: list[Line] = [part for part in (header, view.stats, view.companion) if part]
        taken = len(lines[:2]) + len(view.elements)
        if card and self.size.height - taken >= LEAST_CARD:
            self._body = []
            self.show_lines([*lines[:2], *view.elements, *card][: self.size.height])
            show_hint(self)
            return
        lines.extend(view.elements)
        body = len(view.cells)
        if view.cells:
            lines.append(self._column_titles(view))
        elif view.heat is not None:
            body = view.heat.rows
        first = len(lines)
        lines.extend(() for _ in range(body))
        if view.heat is not None:
            lines += [view.heat.axis, view.heat.legend]
        lines.extend([*view.spread, *view.note])
        lines.extend(part for part in (view.tail, view.histogram, *view.history) if part)
        self._body = list(range(first, first + body))
        self.show_lines(lines)
        show_hint(self)

    @property
    def hint(self) -> str:
        """What the border says: what is shown, and with which keys it becomes something else."""
        view = self.view
        if view is None or (view.value is None and self.lens.compare == "now"):
            return ""
        names = {"now": "now", "before": "before", "change": self.frame.glyphs.step}
        compared = " ".join(
            f"[{names[name]}]" if name == self.lens.compare else names[name] for name in COMPARISONS
        )
        other = "value" if view.what == "grad" else "grad"
        parts = [f"d {compared} {other}"]
        place = place_text(self.lens, view.shape)
        if place:
            parts.append(f"<> {place}")
        parts.append("h mode")
        if view.heat is not None:
            parts.append("+- zoom")
        parts += ["Enter follow"] if view.cells else []
        parts += ["Y copy", "E export"]
        room = self.size.width - 4
        while len(parts) > 1 and len("  ".join(parts)) > room:
            parts.pop()
        return "  ".join(parts)

    def _card(self) -> list[Line]:
        """Return the explanation, under a rule, where pane 2 that has it is out of sight.

        With the focus here the tensor has all rows, without it only those that sum it up.
        """
        if self.has_focus or self._graph_is_seen():
            return []
        return [
            line((self.frame.glyphs.across * self.size.width, "dim")),
            *card_lines(self.frame, self.size.width - 1),
        ]

    def _graph_is_seen(self) -> bool:
        try:
            return self.screen.query_one("#graph").display
        except NoMatches:
            return True

    def on_focus(self) -> None:
        """Give the tensor all rows, and show where the arrow keys are."""
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
        cursor = self.lens.cursor if self.has_focus else None
        return tensor_view(
            moment,
            tensor,
            what=what or self.frame.selection.what,
            lens=replace(self.lens, cursor=cursor),
            width=self.size.width,
            height=self.size.height,
            glyphs=self.frame.glyphs,
        )

    def _column_titles(self, view: TensorView) -> Line:
        label = max((len(text) for text in view.row_labels), default=0)
        cells = "".join(text.rjust(view.cell_width) for text in view.column_labels)
        return line((" " * (label + 2) + cells, "dim"))

    def row_strip(self, row: int, width: int, painter: Painter) -> Strip:
        """Paint a row of values on their heat, or a row of a heat map."""
        view = self.view
        if view is None or row not in self._body:
            return super().row_strip(row, width, painter)
        number = row - self._body[0]
        if view.heat is not None:
            plain_letters = self._is_plain or self.frame.glyphs is not UNICODE
            return heat_strip(view.heat, number, painter, self.frame.glyphs, letters=plain_letters)
        cursor = self.lens.cursor if self.has_focus else None
        return grid_strip(view, number, cursor, width, painter)

    def on_resize(self) -> None:
        """Take as many values as fit now."""
        self._look()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Move the window with the wheel; with Shift sideways."""
        self._rolled(event, 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Move the window back."""
        self._rolled(event, -3)

    def _rolled(self, event: events.MouseEvent, by: int) -> None:
        event.stop()
        self.action_pan(0, by) if event.shift else self.action_pan(by, 0)

    def action_pan(self, rows: int, columns: int) -> None:
        """Move to another element; the window follows."""
        view = self.view
        if view is None or not view.rows or not view.columns:
            return
        if self.lens.cursor is None:
            # The first key shows where one is; only a leap goes somewhere at once.
            row, column = view.row, view.column
            rows, columns = (rows, columns) if abs(rows + columns) > 1 else (0, 0)
        else:
            row, column = view.place_of(self.lens.cursor)
        if view.heat is not None and abs(rows) < FAR:
            # A place of the picture may stand for several elements.
            rows *= max(1, view.heat.high // max(1, len(view.heat.dots)))
            columns *= max(1, view.heat.wide // max(1, len(view.heat.dots[0])))
        row = max(0, min(row + rows, view.rows - 1))
        column = max(0, min(column + columns, view.columns - 1))
        index = view.index_at(row, column)
        while index is None and column > 0:
            # The last row of a folded vector is shorter than the others.
            column -= 1
            index = view.index_at(row, column)
        top, left = self.lens.row, self.lens.column
        high, wide = len(view.cells), len(view.column_labels)
        if high and wide:
            top = min(max(top, row - high + 1), row)
            left = min(max(left, column - wide + 1), column)
        self.lens = replace(self.lens, cursor=index, row=top, column=left)
        self._look()

    def action_mode(self) -> None:
        """Show values, heat, or a histogram."""
        self.lens = self.lens.next_mode()
        self._look()

    def action_compare(self) -> None:
        """Show the version before, the change, the other side."""
        place = COMPARISONS.index(self.lens.compare) + 1
        if place < len(COMPARISONS):
            self.lens = replace(self.lens, compare=COMPARISONS[place])
            self._look()
            return
        self.lens = replace(self.lens, compare="now")
        self.post_message(self.OtherSideAsked())

    def action_slice(self, by: int) -> None:
        """Go through a leading dimension."""
        if self.view is not None:
            self.lens = self.lens.sliced(by, self.view.shape)
            self._look()

    def action_axis(self) -> None:
        """Choose the dimension to go through."""
        if self.view is not None:
            self.lens = self.lens.next_axis(self.view.shape)
            self._look()

    def action_zoom(self, by: int) -> None:
        """Draw more or less of the matrix."""
        self.lens = replace(self.lens, zoom=max(0, min(MOST_ZOOM, self.lens.zoom + by)))
        self._look()

    def action_follow(self) -> None:
        """Follow the element under the cursor, or none."""
        view, lens = self.view, self.lens
        if view is None or view.tensor is None or view.value is None:
            return
        index = lens.cursor
        if index is None:
            # A single number is its own only element; else it is the first one in sight.
            index = view.index_at(view.row, view.column) or (0,) * len(view.shape)
        # Of a gradient's element the leaf's is followed: its line has both.
        here = (view.tensor, index)
        self.lens = replace(lens, cursor=index, followed=None if lens.followed == here else here)
        self._look()

    def action_copy(self) -> None:
        """Give what is seen as text."""
        if self.view is not None and self.view.tensor is not None:
            text = plain(self.view.lines) + "\n"
            self.post_message(self.Copied(text, self.view.name))

    def action_export(self) -> None:
        """Ask for a file."""
        if self.view is not None:
            self.post_message(self.ExportAsked(self.view))
