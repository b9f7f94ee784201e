"""One row to find text in the pane that had the focus; it comes and goes above the footer."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input, Static

from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.prompt import PromptInput


class FindBar(Horizontal):
    """Finds while typing; Enter goes to the next hit, Escape closes."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]
    DEFAULT_CSS = """
    FindBar { height: 1; background: $panel; display: none; padding: 0 1; }
    FindBar Static { width: auto; }
    FindBar #find-found { color: $warning; }
    FindBar PromptInput { background: $panel; }
    """

    def __init__(self) -> None:
        """Start hidden."""
        super().__init__(id="find")
        self._target: LinesView | None = None

    def compose(self) -> ComposeResult:
        """Label, input, and what came of it."""
        yield Static("find: ", markup=False)
        yield PromptInput(placeholder="text; Enter: next, Escape: close", id="find-input")
        yield Static("", id="find-found", markup=False)

    def open(self, target: LinesView) -> None:
        """Begin to find in a pane."""
        self._target = target
        self.display = True
        prompt = self.query_one(PromptInput)
        prompt.clear()
        prompt.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find while typing."""
        event.stop()
        self._find(event.value, after=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next hit."""
        event.stop()
        self._find(event.value, after=True)

    def on_prompt_input_left(self, event: PromptInput.Left) -> None:
        """Close."""
        event.stop()
        self.action_close()

    def action_close(self) -> None:
        """Hide, and give the focus back to the pane."""
        self.display = False
        if self._target is not None:
            self._target.focus()

    def _find(self, text: str, *, after: bool) -> None:
        if self._target is None:
            return
        found = not text or self._target.find(text, after=after)
        self.query_one("#find-found", Static).update("" if found else f"▲ no {text!r} here")
