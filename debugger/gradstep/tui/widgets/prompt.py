"""The one-row prompts under the console and the script's output."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, Final

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

NEWLINE: Final = "↵"
"""Stands in the prompt for the end of a line that was pasted."""

Complete = Callable[[str], Awaitable[tuple[str, list[str]]]]
"""Takes a text; gives the word that is begun at its end, and the words it can become."""


class PromptInput(Input):
    """A one-row input with a history; Escape gives the focus back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "history(-1)", "Earlier", show=False),
        Binding("down", "history(1)", "Later", show=False),
        Binding("tab", "complete", "Complete", show=False),
        Binding("escape", "leave", "Back to the panes", show=False),
    ]
    DEFAULT_CSS = """
    PromptInput, PromptInput:focus { width: 1fr; background: $surface; height: 1; border: none; }
    PromptInput > .input--placeholder { color: $muted; }
    """
    cursor_blink = False

    class Offered(Message):
        """Tab was pressed on a word that can become several."""

        def __init__(self, words: list[str]) -> None:
            """Say which."""
            super().__init__()
            self.words = words

    class Left(Message):
        """Escape was pressed."""

    def __init__(
        self,
        *,
        placeholder: str,
        id: str,  # noqa: A002
        takes_lines: bool = False,
    ) -> None:
        """Make it without a border; only with `takes_lines` it keeps several pasted lines apart."""
        super().__init__(placeholder=placeholder, id=id, compact=True)
        self.cursor_blink = False
        self._history: list[str] = []
        self.complete: Complete | None = None
        self._at = 0
        self._takes_lines = takes_lines

    @property
    def history(self) -> list[str]:
        """What was entered, the latest last."""
        return list(self._history)

    @property
    def text(self) -> str:
        """What stands here, with pasted lines as lines."""
        return self.value.replace(NEWLINE, "\n")

    def earlier(self, texts: list[str]) -> None:
        """Put entries of earlier sessions before those of this one."""
        self._history[:0] = texts
        self._at = len(self._history)

    def offer(self, complete: Complete) -> None:
        """Suggest how a word can go on, from now on."""
        self.complete = complete
        self.suggester = WordSuggester(complete)

    def _on_paste(self, event: events.Paste) -> None:
        """Take what is pasted: a newline is shown as ↵ where lines are taken, else as a blank."""
        # Terminals send a newline as a carriage return.
        text = event.text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        self.insert_text_at_cursor(text.replace("\n", NEWLINE if self._takes_lines else " "))
        event.stop()
        event.prevent_default()

    async def action_complete(self) -> None:
        """Complete the word, as far as all that it can become agree; else list these."""
        if self.complete is None or not self.value.strip():
            self.screen.focus_next()
            return
        text = self.value[: self.cursor_position]
        begun, offered = await self.complete(text.replace(NEWLINE, "\n"))
        if not offered:
            return
        common = _common(offered)
        if len(common) > len(begun):
            self.insert_text_at_cursor(common[len(begun) :])
        elif len(offered) > 1:
            self.post_message(self.Offered(offered))

    def remember(self, text: str) -> None:
        """Add an entry to the history, once if it is repeated."""
        if text and (not self._history or self._history[-1] != text):
            self._history.append(text)
        self._at = len(self._history)

    def action_history(self, by: int) -> None:
        """Go through earlier entries."""
        self._at = max(0, min(len(self._history), self._at + by))
        entry = self._history[self._at] if self._at < len(self._history) else ""
        self.value = entry.replace("\n", NEWLINE)
        self.cursor_position = len(self.value)

    def action_leave(self) -> None:
        """Give the focus back to the panes."""
        self.post_message(self.Left())


def _common(words: list[str]) -> str:
    """Return what all words begin with."""
    first, last = min(words), max(words)
    same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    return first if same is None else first[:same]


class WordSuggester(Suggester):
    """Suggests the likeliest end of the word at the end of the text; → accepts it."""

    def __init__(self, complete: Complete) -> None:
        """Ask `complete`; nothing is cached, since the script's names change."""
        super().__init__(use_cache=False, case_sensitive=True)
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole text with its last word completed, None if there is nothing."""
        if not value or value.endswith(" "):
            return None
        begun, offered = await self._complete(value.replace(NEWLINE, "\n"))
        return value + offered[0][len(begun) :] if offered and begun else None
