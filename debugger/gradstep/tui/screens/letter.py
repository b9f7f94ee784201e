"""Waits for the letter of a mark."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static


class LetterScreen(ModalScreen[str | None]):
    """Returns the letter that is pressed, None for any other key."""

    DEFAULT_CSS = """
    LetterScreen { background: transparent; align: center bottom; }
    LetterScreen Static {
        width: 1fr; height: 1; padding: 0 1; background: $panel; color: $foreground;
    }
    """

    def __init__(self, prompt: str, also: str = "") -> None:
        """Take what to say, and keys that are accepted beside letters."""
        super().__init__()
        self._prompt = prompt
        self._also = also

    def compose(self) -> ComposeResult:
        """One row where the footer is."""
        yield Static(self._prompt, markup=False)

    def on_key(self, event: events.Key) -> None:
        """Take the letter."""
        event.stop()
        event.prevent_default()
        letter = event.character or ""
        good = len(letter) == 1 and (letter.isalpha() or letter in self._also)
        self.dismiss(letter if good else None)
