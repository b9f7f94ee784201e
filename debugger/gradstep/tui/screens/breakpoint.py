"""The dialog for breakpoints: the list, and a line to add or change one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from gradstep.protocol.breakpoints import Breakpoint, BreakpointError
from gradstep.tui.port import BookPort, BreakpointPort
from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.prompt import PromptInput
from gradstep.views.breakpoints import breakpoint_rows
from gradstep.views.text import line

Count = Callable[[], Awaitable[Mapping[int, int | None]]]
"""Counts the hits by the event under the cursor, where that stands in the past."""

GRAMMAR = (
    "WHERE [if CONDITION] [after N] [log TEXT]\n"
    "WHERE: zero_grad forward backward step iteration  12  train.py:12\n"
    "       op:relu  node:MulBackward0  module:fc1  param:fc1.*\n"
    "       change:fc1.weight  change:len(losses)  nan  exception[:all]\n"
    "CONDITION: Python; iteration step phase loss value grad norm lr name\n"
    'TEXT: loss, lr  or  "loss {loss:.4f}": written to the console, no stop'
)


class BreakpointList(LinesView):
    """The breakpoints; Enter changes one, space switches it, d removes it, a switches all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "screen.switch", "Switch on or off", show=False),
        Binding("a", "screen.switch_all", "Switch all on or off", show=False),
        Binding("d,delete,backspace", "screen.remove", "Remove", show=False),
    ]


class BreakpointScreen(ModalScreen[None]):
    """Changes the book at once; Escape closes."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]

    def __init__(self, book: BookPort, text: str = "", count: Count | None = None) -> None:
        """Take the book, the text to begin with, and who counts hits in the past."""
        super().__init__()
        self._book = book
        self._count = count
        self._counts: Mapping[int, int | None] = {}
        self._text = text
        self._changes: int | None = None
        self._said = ""
        self._rows: list[int] = []

    def compose(self) -> ComposeResult:
        """List, input, error, grammar."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Breakpoints"
            dialog.border_subtitle = "tab list · Enter edit · space on/off · a all · d remove"
            yield BreakpointList(id="breakpoint-list")
            yield PromptInput(placeholder="op:relu if norm > 10", id="breakpoint-input")
            yield Static("", classes="error", markup=False)
            yield Static(GRAMMAR, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin in the input, changing the breakpoint there is."""
        self._changes = next((b.id for b in self._book.list() if b.text == self._text), None)
        self._fill()
        prompt = self.query_one(PromptInput)
        prompt.value = self._text
        prompt.cursor_position = len(self._text)
        prompt.focus()
        self._count_hits()

    def _count_hits(self) -> None:
        if self._count is not None:
            self.run_worker(self._counted(self._count), group="count", exclusive=True)

    async def _counted(self, count: Count) -> None:
        self._counts = await count()
        self._fill()

    def on_resize(self) -> None:
        """Set the list anew in the new width."""
        self._fill()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Say what is wrong with the text so far."""
        event.stop()
        text = event.value.strip()
        if self._said and text:
            self._said = ""
        try:
            if text:
                Breakpoint.parse(text)
        except BreakpointError as error:
            self._complain("…", str(error), "hint")
            return
        self._complain("▲", self._said, "hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Add or change; what is wrong is said below the line."""
        event.stop()
        text = event.value.strip()
        if not text:
            self.dismiss(None)
            return
        try:
            if self._changes is None:
                self._book.add(text)
            else:
                self._book.change(self._changes, text)
        except ValueError as error:
            self._complain("✗", str(error), "error")
            return
        self._changes = None
        self._said = self._book.warning
        self._complain("▲", self._said, "error")
        self.query_one(PromptInput).clear()
        self._fill()
        self._count_hits()

    def on_lines_view_row_activated(self, message: LinesView.RowActivated) -> None:
        """Take a breakpoint into the input."""
        found = self._at(message.row)
        if found is not None:
            self._changes = found.id
            prompt = self.query_one(PromptInput)
            prompt.value = found.text
            prompt.cursor_position = len(found.text)
            prompt.focus()
            self._fill()

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
            self._count_hits()

    def action_switch_all(self) -> None:
        """Switch all off, or all on if none is on."""
        self._book.enable_all(not any(item.enabled for item in self._book.list()))
        self._fill()

    def action_remove(self) -> None:
        """Remove the selected one."""
        found = self._at(self.query_one(BreakpointList).row)
        if found is not None:
            if found.id == self._changes:
                self._changes = None
            self._book.remove(found.id)
            self._fill()

    def _at(self, row: int) -> BreakpointPort | None:
        number = self._rows[row] if 0 <= row < len(self._rows) else None
        return next((item for item in self._book.list() if item.id == number), None)

    def _fill(self) -> None:
        view = self.query_one(BreakpointList)
        width = view.size.width or 72
        shown = breakpoint_rows(self._book.list(), width, self._changes, counts=self._counts)
        self._rows = [number for number, _ in shown]
        lines = [text for _, text in shown]
        view.show_lines(lines or [line(("no breakpoint yet: write one below", "dim"))])
        view.styles.height = max(1, len(lines))
        view.can_focus = bool(lines)

    def _complain(self, mark: str, text: str, style: str) -> None:
        wrong = self.query_one(".error", Static)
        wrong.update(f"{mark} {text}")
        wrong.set_class(bool(text), "-shown")
        wrong.set_class(style == "hint", "-typing")
