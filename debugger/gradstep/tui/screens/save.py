"""The dialog that asks for the name of a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from gradstep.tui.widgets.prompt import PromptInput

Write = Callable[[Path, bool], Awaitable[None]]
"""Writes the file; the flag says that one that is there may be overwritten."""


class SaveScreen(ModalScreen[Path | None]):
    """Returns what was written, None when it was given up."""

    CSS_PATH = "dialogs.tcss"

    def __init__(
        self,
        title: str,
        hint: str,
        suggestion: str,
        write: Write,
        errors: tuple[type[Exception], ...],
    ) -> None:
        """Take what to ask, a name to begin with, what writes the file and what that may raise."""
        super().__init__()
        self._title = title
        self._hint = hint
        self._suggestion = suggestion
        self._write = write
        self._errors = errors
        self._asked: Path | None = None

    def compose(self) -> ComposeResult:
        """One input, room for an error, a hint."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Enter write · Escape close"
            yield PromptInput(placeholder=self._suggestion, id="save-input")
            yield Static("", classes="error", markup=False)
            yield Static(self._hint, classes="hint", markup=False)

    def on_mount(self) -> None:
        """Begin with the suggestion."""
        prompt = self.query_one(PromptInput)
        prompt.value = self._suggestion
        prompt.cursor_position = len(self._suggestion)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write it, or say why not; a file that is there is asked about once."""
        event.stop()
        text = event.value.strip()
        if not text:
            self._complain("give a name, or close with Escape")
            return
        try:
            path = Path(text).expanduser().absolute()
            is_there = path.is_file()
        except RuntimeError:
            self._complain(f"there is no home folder for {Path(text).parts[0]}")
            return
        except OSError as error:
            self._complain(f"{text} cannot be written: {error.strerror or error}")
            return
        if is_there and path != self._asked:
            self._asked = path
            self._complain(f"{path.name} exists: Enter overwrites it")
            return
        self.run_worker(self._written(path), exclusive=True)

    async def _written(self, path: Path) -> None:
        try:
            await self._write(path, path == self._asked)
        except self._errors as error:
            self._complain(str(error))
            return
        self.dismiss(path)

    def on_prompt_input_left(self) -> None:
        """Close."""
        self.dismiss(None)

    def _complain(self, text: str) -> None:
        wrong = self.query_one(".error", Static)
        wrong.update(f"✗ {text}")
        wrong.add_class("-shown")
