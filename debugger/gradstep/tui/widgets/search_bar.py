"""One row to search the run in; it comes and goes above the footer."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from gradstep.tui.widgets.prompt import PromptInput


class SearchBar(Horizontal):
    """Counts while typing; Enter goes to the next event found, Shift-Enter to the one before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+enter,ctrl+up", "back", "Previous", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    SearchBar { height: 1; background: $panel; display: none; padding: 0 1; }
    SearchBar Static { width: auto; }
    SearchBar #search-found { color: $warning; }
    SearchBar PromptInput { background: $panel; }
    """

    class Changed(Message):
        """Another text is to be searched for."""

        def __init__(self, text: str) -> None:
            """Say which."""
            super().__init__()
            self.text = text

    class Asked(Message):
        """The next event found is wanted, or the one before."""

        def __init__(self, backward: bool) -> None:
            """Say which way."""
            super().__init__()
            self.backward = backward

    class Closed(Message):
        """The bar was left."""

    def __init__(self) -> None:
        """Start hidden."""
        super().__init__(id="search")
        self._from: Widget | None = None

    def compose(self) -> ComposeResult:
        """Label, input, and what came of it."""
        yield Static("search the run: ", markup=False)
        hint = "op:relu, grad > 10, nan, text · Enter next, Shift-F3 back"
        yield PromptInput(placeholder=hint, id="search-input")
        yield Static("", id="search-found", markup=False)

    def open(self, came_from: Widget | None) -> None:
        """Begin to search; the last text stands there still."""
        self._from = came_from
        self.display = True
        prompt = self.query_one(PromptInput)
        prompt.focus()
        prompt.action_select_all()

    def tell(self, text: str) -> None:
        """Say what was found."""
        self.query_one("#search-found", Static).update(f" {text}")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search while typing."""
        event.stop()
        self.post_message(self.Changed(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Go to the next event."""
        event.stop()
        self.query_one(PromptInput).remember(event.value)
        self.post_message(self.Asked(False))

    def action_back(self) -> None:
        """Go to the event before."""
        self.post_message(self.Asked(True))

    def on_prompt_input_left(self, event: PromptInput.Left) -> None:
        """Close, and give the focus back."""
        event.stop()
        self.display = False
        if self._from is not None and self._from.is_mounted:
            self._from.focus()
        self.post_message(self.Closed())
