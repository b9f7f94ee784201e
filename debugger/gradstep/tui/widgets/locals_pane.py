"""Pane 4, third tab: the variables of the paused script, or what was recorded of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.message import Message

from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.lazy_rows import LazyRows
from gradstep.views.locals import LocalsRow, live_rows, recorded_rows, rows_of_then
from gradstep.views.text import width_of

MEASURED = 200
"""So many rows are looked at for how far the pane scrolls sideways."""

PAST = frozenset({"past", "exited"})
"""States in which a stop that is gone may be looked at."""


class LocalsPane(LinesView):
    """One variable per row; the user's frames stand above where there are several."""

    HELP: ClassVar[str] = (
        "The variables of the function that the script stands in, then the script's globals. "
        "Enter shows a tensor, opens or closes a container or an object (▸), and looks into "
        "another frame of the stack; the console evaluates in the frame that is chosen (●). "
        "Δ has changed since the stop before, + is new. In the past the variables stand as they "
        "were where the script has stopped; elsewhere, and in recorded runs, only the tensors that "
        "have names are known."
    )

    class Asked(Message):
        """Enter on a frame, or on a value that can be opened."""

        def __init__(self, frame: int | None, path: tuple[str, ...] | None) -> None:
            """Say which."""
            super().__init__()
            self.frame = frame
            self.path = path

    def __init__(self) -> None:
        """Start empty."""
        super().__init__(id="locals-view")
        self.frame = EMPTY
        self.rows: Sequence[LocalsRow] = ()

    def paint(self, frame: Frame) -> None:
        """Take a new instant."""
        self.frame = frame
        moment, session = frame.moment, frame.session
        if moment is None or session is None:
            return
        found = session.looking.variables if frame.state == "paused" else None
        then = session.looking.then(frame.cursor) if frame.state in PAST else None
        if found is not None:
            self.rows = live_rows(moment, found)
        elif then is not None:
            self.rows = rows_of_then(moment, then)
        else:
            self.rows = recorded_rows(moment)
        rows = self.rows
        self.show_lines(LazyRows(len(rows), lambda number: rows[number].line))

    def content_width(self) -> int:
        """Of very many rows the first ones tell: to make all for that would take its time."""
        return max((width_of(row) for row in self._lines[:MEASURED]), default=0)

    def tensor_at(self, row: int) -> int | None:
        """Return the tensor of a row."""
        return self.rows[row].tensor if 0 <= row < len(self.rows) else None

    def action_activate(self) -> None:
        """Open what can be opened, choose a frame, show a tensor."""
        row = self.rows[self.row] if 0 <= self.row < len(self.rows) else None
        if row is not None and (row.frame is not None or row.path is not None):
            self.post_message(self.Asked(row.frame, row.path))
        else:
            super().action_activate()
