"""The dialog that gives an element or a hyper-parameter of the paused script another value."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from gradstep.session.at_step import Edit, Target, read_edit
from gradstep.session.model import SessionError
from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.prompt import PromptInput
from gradstep.views.editable import target_line, value_text
from gradstep.views.glyphs import UNICODE, Glyphs

WIDTH = 60

HINT = "0.01   1e-3   nan   (0.9, 0.99)   True   [2,3] = 0.5 for another element"

Apply = Callable[[Edit, bool], Awaitable[None]]
"""Makes a change; the flag says that NaN and infinities are meant."""


class TargetList(LinesView):
    """What can be changed; Enter takes a row into the input."""


class EditScreen(ModalScreen[Edit | None]):
    """Returns what was changed, None when it was given up."""

    CSS_PATH = "dialogs.tcss"

    def __init__(
        self, targets: Sequence[Target], first: int, apply: Apply, glyphs: Glyphs = UNICODE
    ) -> None:
        """Take what can be changed, which of these to begin with, and what changes it."""
        super().__init__()
        self._glyphs = glyphs
        self._targets = targets
        self._number = first
        self._apply = apply
        self._asked = ""

    def compose(self) -> ComposeResult:
        """List, input, error, hint."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Set a value"
            dialog.border_subtitle = "↑↓ choose · Enter write · Escape close"
            yield TargetList(id="target-list")
            yield PromptInput(placeholder="0.01", id="edit-input")
            yield Static("", classes="error", markup=False)
            yield Static(HINT, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin in the input, on the first target."""
        view = self.query_one(TargetList)
        self._list()
        view.styles.height = max(1, min(len(self._targets), 12))
        view.select_row(self._number)
        self._fill()

    def on_key(self, event: events.Key) -> None:
        """Choose with the arrow keys while the input has the focus."""
        if event.key in ("up", "down") and isinstance(self.focused, PromptInput):
            event.stop()
            event.prevent_default()
            step = -1 if event.key == "up" else 1
            self.query_one(TargetList).select_row((self._number + step) % len(self._targets))

    def on_lines_view_row_selected(self, message: LinesView.RowSelected) -> None:
        """Take the row's target into the input."""
        message.stop()
        if message.row != self._number:
            self._number = message.row
            self._fill()

    def on_lines_view_row_activated(self, message: LinesView.RowActivated) -> None:
        """Go on in the input."""
        message.stop()
        self.query_one(PromptInput).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write it, or say why not; NaN and infinities are asked about once."""
        event.stop()
        text = event.value.strip()
        try:
            edit = read_edit(self._targets[self._number], text)
        except SessionError as error:
            self._complain(str(error))
            return
        if edit.is_odd and self._asked != edit.text:
            self._asked = edit.text
            self._complain(f"this writes {edit.value} into {edit.target.label}: Enter does it")
            return
        self.run_worker(self._write(edit), exclusive=True)

    async def _write(self, edit: Edit) -> None:
        try:
            await self._apply(edit, edit.text == self._asked)
        except SessionError as error:
            self._complain(str(error))
            return
        self.dismiss(edit)

    def on_prompt_input_left(self) -> None:
        """Close."""
        self.dismiss(None)

    def _list(self) -> None:
        rows = [
            target_line(target, WIDTH, selected=number == self._number, glyphs=self._glyphs)
            for number, target in enumerate(self._targets)
        ]
        self.query_one(TargetList).show_lines(rows)

    def _fill(self) -> None:
        self._list()
        target = self._targets[self._number]
        prompt = self.query_one(PromptInput)
        prompt.value = value_text(target)
        prompt.border_title = target.label
        prompt.cursor_position = len(prompt.value)
        prompt.focus()
        self._complain("")

    def _complain(self, text: str) -> None:
        wrong = self.query_one(".error", Static)
        wrong.update(f"✗ {text}" if text else "")
        wrong.set_class(bool(text), "-shown")
