"""The connection view, over the whole body: what joins the loss and the optimizers."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.strip import Strip

from gradstep.trace.wiring import Wiring, wiring
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.widgets.bars import Bar
from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.tabbed import TabbedPane
from gradstep.views.connection import HOLE_COLUMNS, ConnectionView, connection_view
from gradstep.views.text import Line, line

FOOT: int = 7
"""Rows for the sentences below the table, at most."""


class ConnectionRows(LinesView):
    """One row per parameter; left and right choose the cell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "column(-1)", "Cell to the left", show=False),
        Binding("right", "column(1)", "Cell to the right", show=False),
        Binding("less_than_sign", "loss(1)", "An earlier loss", show=False),
        Binding("greater_than_sign", "loss(-1)", "A later loss", show=False),
        Binding("r", "reorder", "Worst first", show=False),
        Binding("escape", "leave", "Back", show=False),
    ]

    class Changed(Message):
        """Another cell, loss or order was chosen."""

        def __init__(self, what: str, by: int = 0) -> None:
            """Say what: `cell`, `loss` (`by` how many further back) or `order`."""
            super().__init__()
            self.what = what
            self.by = by

    class Left(Message):
        """The table was left."""

    def __init__(self) -> None:
        """Start without a table, in the column of the loss."""
        super().__init__(id="connection-rows")
        self.view: ConnectionView | None = None
        self.column = 2

    def row_count(self) -> int:
        """Return the number of parameters, or of the lines that stand in for them."""
        return len(self.view.wires) if self.view is not None and self.view.wires else 0

    def row_line(self, row: int, width: int) -> Line:
        """Return a parameter's row."""
        assert self.view is not None
        return self.view.row(row)

    def content_width(self) -> int:
        """Rows are fitted to the pane."""
        return 0

    def under_cursor(self, strip: Strip) -> Strip:
        """Let the chosen cell stand out of the row that the cursor is on."""
        over = super().under_cursor(strip)
        if self.view is None:
            return over
        start, text = self.view.cell_at(self.row, self.column)
        cell = self.painter.strip(text)
        end = start + cell.cell_length
        return Strip.join([over.crop(0, start), cell, over.crop(end)])

    def select_row(self, row: int) -> None:
        """Move the row cursor; the chosen cell goes with it."""
        super().select_row(row)
        self.post_message(self.Changed("cell"))

    def clicked(self, row: int, column: int) -> None:
        """Choose the cell under the mouse."""
        if self.view is not None:
            self.column = self.view.column_at(column)
        self.select_row(row)

    def action_column(self, by: int) -> None:
        """Choose a cell further left or right, of those in sight."""
        if self.view is None:
            return
        columns = self.view.columns
        at = columns.index(self.column) if self.column in columns else 0
        self.column = columns[max(0, min(at + by, len(columns) - 1))]
        self.refresh_row(self.row)
        self.post_message(self.Changed("cell"))

    def action_loss(self, by: int) -> None:
        """Take an earlier or a later loss."""
        self.post_message(self.Changed("loss", by))

    def action_reorder(self) -> None:
        """Put the worst first, or back in their order."""
        self.post_message(self.Changed("order"))

    def action_leave(self) -> None:
        """Say that the table is left."""
        self.post_message(self.Left())


class ConnectionTitles(Bar):
    """The column titles above the rows."""

    DEFAULT_CSS = "ConnectionTitles { background: $surface; }"

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="connection-titles")
        self.view: ConnectionView | None = None

    def bar_lines(self, width: int) -> tuple[Line, ...]:
        """Return the titles."""
        return (self.view.header(),) if self.view is not None and self.view.wires else ()


class ConnectionFoot(LinesView, can_focus=False):
    """What the chosen cell says, what joins it all, and the holes."""

    DEFAULT_CSS = """
    ConnectionFoot { height: auto; max-height: 50%; border-top: solid $faint; }
    """
    has_row_cursor = False


class ConnectionTable(Vertical):
    """Titles, rows and sentences."""

    DEFAULT_CSS = "ConnectionTable { height: 1fr; }"
    HELP: ClassVar[str] = (
        "How the optimizer knows the loss: it does not. One row per parameter says whether a "
        "backward from this loss comes to it, what its .grad holds, which optimizer will read "
        "that, and what last changed it. ▲ marks a hole. Left and right choose a cell, Enter goes "
        "to its event, < and > take another loss, r puts the worst first, Esc goes back."
    )

    def __init__(self) -> None:
        """Start with the latest loss."""
        super().__init__(id="connection-view")
        self.frame = EMPTY
        self.rows = ConnectionRows()
        self.titles = ConnectionTitles()
        self.foot = ConnectionFoot(id="connection-foot")
        self.choice = 0
        self.worst_first = False
        self._known: tuple[object, Wiring] | None = None

    def compose(self) -> ComposeResult:
        """Stack the three."""
        yield self.titles
        yield self.rows
        yield self.foot

    @property
    def view(self) -> ConnectionView | None:
        """The table as it stands."""
        return self.rows.view

    def paint(self, frame: Frame) -> None:
        """Take a new instant; the parameter under the row cursor stays under it."""
        self.frame = frame
        moment = frame.moment
        if moment is None or not self.size.width:
            return
        key = (moment.run, moment.seq, self.choice)
        if self._known is None or self._known[0] != key:
            self._known = (key, wiring(moment, self.choice))
        before = self.rows.view
        chosen = None
        if before is not None and 0 <= self.rows.row < len(before.wires):
            chosen = before.wires[self.rows.row].tensor
        view = connection_view(
            moment,
            worst_first=self.worst_first,
            width=max(20, self.size.width - 1),
            glyphs=frame.glyphs,
            known=self._known[1],
        )
        self.rows.view = self.titles.view = view
        tensors = [wire.tensor for wire in view.wires]
        hole = next((place for place, wire in enumerate(view.wires) if wire.holes), 0)
        if before is None and view.wires and view.wires[hole].holes:
            # What is wrong is in the sentence below at once.
            self.rows.column = HOLE_COLUMNS[view.wires[hole].holes[0]]
        row = tensors.index(chosen) if chosen in tensors else hole
        if self.rows.column not in view.columns:
            self.rows.column = view.columns[0]
        self.rows.content_changed(row)
        self.rows.repaint_all()
        self.titles.refresh()
        self.paint_foot()
        pane = self.parent.parent if self.parent is not None else None
        if isinstance(pane, ConnectionPane):
            pane.tell(view, worst_first=self.worst_first)

    def paint_foot(self) -> None:
        """Write the sentences of the chosen cell and of all."""
        view = self.rows.view
        if view is None:
            return
        detail = view.detail(self.rows.row, self.rows.column)
        rest = view.foot()
        lines = [*detail, *([line("")] if detail else []), *rest][:FOOT]
        self.foot.show_lines(lines)
        # The table keeps its height from cell to cell: only a longer sentence takes more.
        most = max(len(lines), 3 + len(rest))
        self.foot.styles.height = min(most, FOOT) + 1

    def on_connection_rows_changed(self, message: ConnectionRows.Changed) -> None:
        """Take another cell, loss or order."""
        message.stop()
        if message.what == "cell":
            self.paint_foot()
            return
        if message.what == "order":
            self.worst_first = not self.worst_first
        else:
            view = self.rows.view
            count = len(view.wiring.losses) if view is not None else 0
            self.choice = (self.choice + message.by) % count if count else 0
        self.paint(self.frame)

    def on_resize(self) -> None:
        """Set the table anew in the new width."""
        self.paint(self.frame)

    def event_of_cell(self) -> tuple[int, int | None]:
        """Return the event that the chosen cell leads to, 0 for none, and its parameter."""
        view = self.rows.view
        if view is None or not 0 <= self.rows.row < len(view.wires):
            return 0, None
        seq = view.seq_of(self.rows.row, self.rows.column)
        return seq, view.wires[self.rows.row].tensor


class ConnectionPane(TabbedPane):
    """The border around the table; it is in sight only when it was asked for."""

    def __init__(self) -> None:
        """Make it, out of sight."""
        self.table = ConnectionTable()
        self._told = ""
        super().__init__(0, [("connection-view", "Connection")], [self.table], id="connection")
        self.display = False

    def tell(self, view: ConnectionView, *, worst_first: bool) -> None:
        """Write into the border which loss it is, and the keys."""
        losses = len(view.wiring.losses)
        self._told = view.title
        keys = [view.summary, f"r {'in order' if worst_first else 'worst first'}"]
        if losses > 1:
            keys.append(f"< > {losses} losses")
        keys += ["Enter to the event", "Esc back"]
        self.border_subtitle = " · ".join(keys).replace("[", r"\[")
        self.write_title()

    def write_title(self) -> None:
        """Write the loss behind the word Connection."""
        told = f" ─ {self._told}" if self._told else ""
        self.border_title = f"[bold]Connection[/bold]{told.replace('[', chr(92) + '[')}"
