"""The dialog that asks where to go."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from gradstep.tui.goto import HINT, GotoError
from gradstep.tui.widgets.prompt import PromptInput


class GotoScreen(ModalScreen[int | None]):
    """Returns an event number, None when it was given up."""

    CSS_PATH = "dialogs.tcss"

    def __init__(self, resolve: Callable[[str], int], head: int) -> None:
        """Take the function that finds the event for a text, and the newest event."""
        super().__init__()
        self._resolve = resolve
        self._head = head

    def compose(self) -> ComposeResult:
        """One input, a hint, and room for an error."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Go to"
            dialog.border_subtitle = "Enter go · Escape close"
            yield PromptInput(placeholder="34", id="goto-input")
            yield Static("", classes="error", markup=False)
            hint = f"event 1 … {self._head:,}, or {HINT}"
            yield Static(hint, classes="hint", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go there, or say why not."""
        event.stop()
        try:
            seq = self._resolve(event.value)
        except GotoError as error:
            wrong = self.query_one(".error", Static)
            wrong.update(f"✗ {error}")
            wrong.add_class("-shown")
            return
        self.dismiss(seq)

    def on_prompt_input_left(self) -> None:
        """Close."""
        self.dismiss(None)
