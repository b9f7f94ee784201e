"""Pane 2: the graph of this iteration as rails, and the card that explains a row."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.strip import Strip

from gradstep.tui.card_lines import card_lines
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.paint import Painter
from gradstep.tui.widgets.bars import Bar
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.graph import GraphRow, GraphView, graph_view
from gradstep.views.text import Line


class GraphRows(LinesView):
    """One op per row; the rows are painted by the view, only those in sight."""

    HELP: ClassVar[str] = (
        "One row per operation in the order in which they ran: the graph that forward builds, and "
        "whose rows backward goes up again. The card below explains the selected row with this "
        "run's numbers; pane 4 shows its tensor."
    )

    def __init__(self) -> None:
        """Start without a graph."""
        super().__init__(id="graph-rows")
        self.view: GraphView | None = None

    def show_view(self, view: GraphView, row: int | None) -> None:
        """Take a new graph, with `row` in sight."""
        self.view = view
        if not view.rows:
            self._lines = view.empty
        self.content_changed(row)

    def row_count(self) -> int:
        """Return the number of ops, or of the lines that stand in for them."""
        if self.view is not None and self.view.rows:
            return len(self.view.rows)
        return len(self._lines)

    def row_line(self, row: int, width: int) -> Line:
        """Return one op's row."""
        if self.view is not None and self.view.rows:
            return self.view.render(row, width)
        return self._lines[row]

    def content_width(self) -> int:
        """Rows are fitted to the pane."""
        return 0

    def row_strip(self, row: int, width: int, painter: Painter) -> Strip:
        """Paint one row; the current one stands out over its whole width."""
        strip = super().row_strip(row, width, painter)
        if self.view is not None and self.view.rows and row == self.view.current:
            strip = strip.crop_extend(0, width, None).apply_style(painter.style("selected"))
        return strip


class GraphTitles(Bar):
    """The column titles above the rows."""

    DEFAULT_CSS = "GraphTitles { background: $surface; }"

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="graph-titles")
        self.view: GraphView | None = None

    def bar_lines(self, width: int) -> tuple[Line, ...]:
        """Return the titles."""
        if self.view is None or not self.view.rows:
            return ()
        return (self.view.header(width),)


class Card(LinesView, can_focus=False):
    """The explanation under the graph."""

    DEFAULT_CSS = """
    Card { height: auto; max-height: 50%; border-top: solid $faint; margin: 0 1; }
    """
    has_row_cursor = False


class GraphPane(Vertical):
    """Titles, rows and card."""

    DEFAULT_CSS = "GraphPane { height: 1fr; }"

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="graph-view")
        self.frame = EMPTY
        self.rows = GraphRows()
        self.titles = GraphTitles()
        self.card = Card(id="graph-card")
        self._shown = (0, 0)
        self._card_height = 0

    def compose(self) -> ComposeResult:
        """Stack the three."""
        yield self.titles
        yield self.rows
        yield self.card

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        moment = frame.moment
        if moment is None:
            return
        view = graph_view(moment, selected=frame.selection.seq, glyphs=frame.glyphs)
        moved = self._shown[0] != frame.cursor
        self._shown = (frame.cursor, frame.head)
        row = view.current if moved else None
        self.titles.view = view
        self.titles.display = bool(view.rows)
        self.titles.refresh()
        self.rows.show_view(view, row)
        self.paint_card()

    def paint_card(self) -> None:
        """Explain the selected row, or the event under the cursor."""
        if self.frame.moment is None:
            return
        lines = card_lines(self.frame, max(20, self.size.width - 3))
        self.card.show_lines(lines)
        self._card_height = max(self._card_height, len(lines) + 1)
        # The card only grows: rows of the graph that jump at each step are hard to follow.
        self.card.styles.height = self._card_height
        # A short graph leaves it more than the half that it has beside a long one.
        free = self.size.height - 1 - self.rows.row_count()
        self.card.styles.max_height = max(free, self.size.height // 2)
        self.card.display = bool(lines)
        self.card.scroll_to(y=0, animate=False)

    @property
    def selected(self) -> GraphRow | None:
        """The row under the row cursor."""
        view = self.rows.view
        if view is None or not view.rows:
            return None
        return view.rows[self.rows.row]

    @property
    def summary(self) -> str:
        """A word on the graph for the border."""
        return self.rows.view.summary if self.rows.view is not None else ""

    def on_resize(self) -> None:
        """Set the card anew in the new width."""
        self._card_height = 0
        self.paint_card()
