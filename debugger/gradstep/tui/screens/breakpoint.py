"""The dialog for breakpoints: the list, and a line to add or change one."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from gradstep.tui.port import BookPort, BreakpointPort
from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.talk_panes import PromptInput
from gradstep.views.glyphs import UNICODE
from gradstep.views.numbers import plural
from gradstep.views.text import Line, line

GRAMMAR = (
    "WHERE [if CONDITION] [after N]\n"
    "WHERE: 12  train.py:12  zero_grad forward backward step iteration\n"
    "       op:relu  node:MulBackward0  module:fc1  param:fc1.*\n"
    "CONDITION: Python, with iteration step phase loss value grad norm lr name"
)


class BreakpointList(LinesView):
    """The breakpoints; Enter changes one, space switches it, d removes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "screen.switch", "Switch on or off", show=False),
        Binding("d,delete,backspace", "screen.remove", "Remove", show=False),
    ]


class BreakpointScreen(ModalScreen[None]):
    """Changes the book at once; Escape closes."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]

    def __init__(self, book: BookPort, text: str = "") -> None:
        """Take the book, and the text to begin with."""
        super().__init__()
        self._book = book
        self._text = text
        self._changes: int | None = None

    def compose(self) -> ComposeResult:
        """List, input, error, grammar."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Breakpoints"
            dialog.border_subtitle = "Enter add or change · space on/off · d remove · Escape close"
            yield BreakpointList(id="breakpoint-list")
            yield PromptInput(placeholder="op:relu if norm > 10", id="breakpoint-input")
            yield Static("", classes="error", markup=False)
            yield Static(GRAMMAR, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin in the input, changing the breakpoint there is."""
        self._fill()
        prompt = self.query_one(PromptInput)
        prompt.value = self._text
        prompt.cursor_position = len(self._text)
        prompt.focus()
        self._changes = next((b.id for b in self._book.list() if b.text == self._text), None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add or change; what is wrong is said below the line."""
        event.stop()
        text = event.value.strip()
        if not text:
            self.dismiss(None)
            return
        kept = next((b.text for b in self._book.list() if b.id == self._changes), "")
        if self._changes is not None:
            self._book.remove(self._changes)
        try:
            self._book.add(text)
        except ValueError as error:
            if kept:
                self._book.add(kept)
                self._changes = next((b.id for b in self._book.list() if b.text == kept), None)
            self._complain(str(error))
            return
        self._changes = None
        self._complain("")
        self.query_one(PromptInput).clear()
        self._fill()

    def on_lines_view_row_activated(self, message: LinesView.RowActivated) -> None:
        """Take a breakpoint into the input."""
        found = self._at(message.row)
        if found is not None:
            self._changes = found.id
            prompt = self.query_one(PromptInput)
            prompt.value = found.text
            prompt.focus()

    def on_prompt_input_left(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_switch(self) -> None:
        """Switch the selected one on or off."""
        found = self._at(self.query_one(BreakpointList).row)
        if found is not None:
            self._book.enable(found.id, not found.enabled)
            self._fill()

    def action_remove(self) -> None:
        """Remove the selected one."""
        found = self._at(self.query_one(BreakpointList).row)
        if found is not None:
            self._book.remove(found.id)
            self._fill()

    def _at(self, row: int) -> BreakpointPort | None:
        items = list(self._book.list())
        return items[row] if 0 <= row < len(items) else None

    def _fill(self) -> None:
        rows = [_row(item) for item in self._book.list()]
        view = self.query_one(BreakpointList)
        view.show_lines(rows or [line(("no breakpoint yet: write one below", "dim"))])
        view.styles.height = max(1, len(rows))
        view.can_focus = bool(rows)

    def _complain(self, text: str) -> None:
        wrong = self.query_one(".error", Static)
        wrong.update(f"✗ {text}")
        wrong.set_class(bool(text), "-shown")


def _row(item: BreakpointPort) -> Line:
    mark = UNICODE.breakpoint if item.enabled else UNICODE.disabled
    return line(
        (f" {mark} ", "error" if item.enabled else "dim"),
        (item.text, "bold" if item.enabled else "dim"),
        ("" if item.enabled else "  off", "dim"),
        (f"  {plural(item.hits, 'hit')}" if item.hits else "", "dim"),
    )
