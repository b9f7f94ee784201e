"""Pane 2: the graph of this iteration as rails, and the card that explains a row."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip

from gradstep.tui.card_lines import card_lines
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.paint import Painter
from gradstep.tui.pane_keys import pane_bindings
from gradstep.tui.widgets.bars import Bar
from gradstep.tui.widgets.lines import LinesView, lying_on
from gradstep.views.graph import Folds, GraphRow, GraphView, graph_view
from gradstep.views.graph_card import scope_card
from gradstep.views.graph_scopes import Key
from gradstep.views.text import Line

LEAST_ROWS = 4
"""So many rows of the graph stay in sight above an explanation that needs the room."""


class GraphRows(LinesView):
    """One op per row; the rows are painted by the view, only those in sight."""

    # Columns would move, and the screen be laid out, whenever the graph outgrows the pane.
    DEFAULT_CSS = "GraphRows { overflow-y: scroll; }"
    HELP: ClassVar[str] = (
        "One row per operation in the order in which they ran: the graph that forward builds, and "
        "whose rows backward goes up again. The card below explains the selected row with this "
        "run's numbers; pane 4 shows its tensor."
    )
    BINDINGS: ClassVar[list[BindingType]] = pane_bindings("Graph")

    class FoldsChanged(Message):
        """The user folded or unfolded something."""

    def __init__(self) -> None:
        """Start without a graph."""
        super().__init__(id="graph-rows")
        self.view: GraphView | None = None
        self.folds = Folds()
        self.scope: Key | None = None
        """The module call under the row cursor, None where an operation is."""

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

    def select_row(self, row: int) -> None:
        """Move the row cursor as the user does, and remember whether a module is under it."""
        if self.view is not None and self.view.rows:
            scope = self.view.rows[max(0, min(row, len(self.view.rows) - 1))].scope
            self.scope = scope.key if scope is not None else None
        super().select_row(row)

    def clicked(self, row: int, column: int) -> None:
        """Select a row; on the triangle of a module fold or unfold it."""
        self.select_row(row)
        view = self.view
        if view is None or not view.rows or (scope := view.rows[row].scope) is None:
            return
        if column in view.triangle(row, self.scrollable_content_region.width):
            self._fold(scope.key, unfold=not view.rows[row].is_open)

    def find(self, text: str, *, after: bool = False) -> bool:
        """Find in the rows, else in what is folded: asked for the next hit, unfold it."""
        if super().find(text, after=after):
            return True
        view = self.view
        row = view.hides(text, self.row) if view is not None and view.rows else None
        if view is None or row is None:
            return False
        self.select_row(row)
        scope = view.rows[row].scope
        if after and scope is not None:
            self._fold(scope.key, unfold=True)
        return True

    def action_fold(self) -> None:
        """Fold the module under the row cursor, else go to the title of the one around."""
        view = self.view
        if view is None or not view.rows:
            return
        row = view.rows[self.row]
        if row.scope is not None and row.is_open:
            self._fold(row.scope.key, unfold=False)
        elif (around := view.title_around(self.row)) is not None:
            self.select_row(around)

    def action_unfold(self) -> None:
        """Unfold the module under the row cursor; where it is open, go to its first operation."""
        view = self.view
        if view is None or not view.rows or (scope := view.rows[self.row].scope) is None:
            return
        if view.rows[self.row].is_open:
            self.select_row(self.row + 1)
        else:
            self._fold(scope.key, unfold=True)

    def action_fold_all(self, unfold: bool) -> None:
        """Fold or unfold all modules; asked for again, leave it to the picture."""
        if self.view is not None and self.view.is_foldable:
            self.folds = self.folds.everything(unfold=unfold)
            self.post_message(self.FoldsChanged())

    def _fold(self, key: Key, *, unfold: bool) -> None:
        self.folds = self.folds.toggled(key, unfold=unfold)
        self.post_message(self.FoldsChanged())

    def row_strip(self, row: int, width: int, painter: Painter) -> Strip:
        """Paint one row; the current one stands out over its whole width."""
        strip = super().row_strip(row, width, painter)
        if self.view is not None and self.view.rows and row == self.view.current:
            strip = lying_on(strip.crop_extend(0, width, None), painter)
        return strip


class GraphTitles(Bar):
    """The column titles above the rows."""

    DEFAULT_CSS = "GraphTitles { background: $surface; }"

    def __init__(self, rows: GraphRows) -> None:
        """Take the rows that the titles are for."""
        super().__init__(id="graph-titles")
        self.rows = rows

    def bar_lines(self, width: int) -> tuple[Line, ...]:
        """Return the titles."""
        view = self.rows.view
        if view is None or not view.rows:
            return ()
        # Not as wide as the pane: the rows leave room for a scrollbar.
        return (view.header(self.rows.scrollable_content_region.width or width),)


class Card(LinesView, can_focus=False):
    """The explanation under the graph."""

    DEFAULT_CSS = """
    Card { height: auto; max-height: 100%; border-top: solid $faint; margin: 0 1; }
    Card { overflow-y: scroll; }
    """
    has_row_cursor = False


LOW: Final = 12
"""A pane of fewer lines, as on 80x24, has no room to spare."""

STRIDE: Final = 4
"""Lines by which the card grows and gives way: each change lays the whole screen out, 30 ms."""


class GraphPane(Vertical):
    """Titles, rows and card."""

    DEFAULT_CSS = "GraphPane { height: 1fr; }"

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="graph-view")
        self.frame = EMPTY
        self.rows = GraphRows()
        self.titles = GraphTitles(self.rows)
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
        moved = self._shown[0] != frame.cursor
        self._shown = (frame.cursor, frame.head)
        if frame.selection.seq is None:
            self.rows.scope = None
        view = self._view(frame)
        self._show(view, view.current if moved else None)

    def _view(self, frame: Frame) -> GraphView:
        assert frame.moment is not None
        return graph_view(
            frame.moment,
            selected=frame.selection.seq,
            scope=self.rows.scope,
            folds=replace(self.rows.folds, height=max(0, self.size.height - 1)),
            width=max(20, self.rows.scrollable_content_region.width or self.size.width - 2),
            glyphs=frame.glyphs,
        )

    def _show(self, view: GraphView, row: int | None) -> None:
        self.rows.show_view(view, row)
        # Their columns are those of the rows that have just been taken.
        self.titles.look()
        self.paint_card()

    def on_graph_rows_folds_changed(self, message: GraphRows.FoldsChanged) -> None:
        """Lay the graph out anew; the row cursor stays on what it was on, or on what hides it."""
        message.stop()
        self._lay_out_anew()

    def _lay_out_anew(self) -> None:
        before = self.rows.view
        if self.frame.moment is None or before is None:
            return
        view = self._view(self.frame)
        self._show(view, view.row_like(before, self.rows.row) if before.rows else None)

    def paint_card(self) -> None:
        """Explain the selected row, or the event under the cursor."""
        if self.frame.moment is None:
            return
        lines = self._card_lines(max(20, self.size.width - 3))
        self.card.show_lines(lines)
        # The card only grows: rows of the graph that jump at each step are hard to follow.
        self._card_height = max(self._card_height, -(-(len(lines) + 1) // STRIDE) * STRIDE)
        is_low = self.size.height < LOW
        # There the card gets the odd line: a formula without its numbers tells little.
        half = (self.size.height + is_low) // 2
        # A short graph leaves it more than the half that it has beside a long one.
        free = self.size.height - 1 - self.rows.row_count()
        most = half + max(0, (free - half) // STRIDE * STRIDE)
        if self._is_update():
            # The graph stands still during a step, and the line that matters is the rule's last.
            least = LEAST_ROWS // 2 if is_low else LEAST_ROWS
            most = max(most, self.size.height - 1 - least)
        self.card.styles.height = min(self._card_height, most)
        self.card.display = bool(lines)
        self.card.scroll_to(y=0, animate=False)

    def _is_update(self) -> bool:
        moment = self.frame.moment
        is_shown = self.frame.selection.seq is None and self.rows.scope is None
        return moment is not None and is_shown and moment.event.kind == "updated"

    def _card_lines(self, width: int) -> tuple[Line, ...]:
        view = self.rows.view
        if view is not None and self.rows.scope is not None and view.selected is not None:
            scope = view.rows[view.selected].scope
            if scope is not None and scope.key == self.rows.scope:
                return scope_card(view.rows, view.selected, width=width, glyphs=view.glyphs)
        return card_lines(self.frame, width)

    @property
    def selected(self) -> GraphRow | None:
        """The row under the row cursor."""
        view = self.rows.view
        if view is None or not view.rows:
            return None
        return view.rows[self.rows.row]

    @property
    def summary(self) -> str:
        """A word on the graph for the border, and the keys that the title of none tells."""
        view = self.rows.view
        if view is None or not view.rows:
            return ""
        hints = [view.summary]
        if view.is_foldable:
            hints.append(f"{view.glyphs.unfolded} modules - +")
        return " · ".join(hints)

    def on_resize(self) -> None:
        """Set the card anew in the new width, and fold what is too long for the new height."""
        self._card_height = 0
        self._lay_out_anew()
        self.paint_card()
