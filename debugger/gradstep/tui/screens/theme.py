"""The dialog that lists the themes: typing filters, the one under the cursor is shown at once."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.screen import ModalScreen
from textual.widgets import Input

from gradstep.tui.theme import THEMES, theme_names
from gradstep.tui.widgets.lines import LinesView
from gradstep.tui.widgets.prompt import PromptInput
from gradstep.views.text import Line, line

ABOUT = {
    "gradstep-dark": "dark, for all kinds of colour vision",
    "gradstep-light": "light, for all kinds of colour vision",
    "gradstep-contrast": "high contrast on black",
    "gradstep-contrast-light": "high contrast on white",
    "ansi-dark": "the terminal's own colours, dark",
    "ansi-light": "the terminal's own colours, light",
}

FAR = 10**6
STEPS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -FAR, "end": FAR}
"""Rows that a key moves while the text has the focus."""


class ThemeList(LinesView, can_focus=False):
    """One theme per row; the keys stay with the text above."""

    def content_width(self) -> int:
        """Rows are short."""
        return 0


class ThemeScreen(ModalScreen[str]):
    """Returns the theme that was chosen; given up, the one that there was before."""

    CSS_PATH = "dialogs.tcss"

    def __init__(self, theme: str) -> None:
        """Take the present theme."""
        super().__init__()
        self._before = theme
        self._all = theme_names()
        self.names = self._all
        """The themes that are listed."""

    def compose(self) -> ComposeResult:
        """What to look for, and one list."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Theme"
            dialog.border_subtitle = "type to filter · ↑↓ look · Enter keep · Escape back"
            yield PromptInput(placeholder="light, contrast, nord …", id="theme-input")
            yield ThemeList(id="theme-list")

    def on_mount(self) -> None:
        """Begin at the present theme."""
        self.query_one(ThemeList).styles.height = len(self._all)
        self._list()
        self.query_one(PromptInput).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """List the themes that match, and show one of them."""
        event.stop()
        text = event.value.strip()
        matcher = Matcher(text)
        self.names = tuple(name for name in self._all if not text or _matches(matcher, name, text))
        self._list()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the theme under the cursor."""
        event.stop()
        if self.names:
            self.dismiss(self.app.theme)

    def on_key(self, event: events.Key) -> None:
        """Go through the list while the text has the focus."""
        if event.key in STEPS and self.names:
            event.stop()
            event.prevent_default()
            view = self.query_one(ThemeList)
            view.select_row(max(0, min(view.row + STEPS[event.key], len(self.names) - 1)))

    def on_lines_view_row_selected(self, message: LinesView.RowSelected) -> None:
        """Show the theme under the cursor."""
        message.stop()
        if message.row < len(self.names):
            self._show(self.names[message.row])

    def on_lines_view_row_activated(self, message: LinesView.RowActivated) -> None:
        """Keep it."""
        message.stop()
        if message.row < len(self.names):
            self.dismiss(self.names[message.row])

    def on_prompt_input_left(self) -> None:
        """Go back to what was there before."""
        self.app.theme = self._before
        self.dismiss(self._before)

    def _list(self) -> None:
        """Set the rows; the theme that is shown stays, if it is one of them."""
        if not self.names:
            self.query_one(ThemeList).show_lines([line(("  no theme is called so", "dim"))])
            return
        here = self.app.theme if self.app.theme in self.names else self.names[0]
        self._show(here)
        # There is no room to scroll in before the dialog was laid out.
        view = self.query_one(ThemeList)
        self.call_after_refresh(view.content_changed, self.names.index(here))

    def _show(self, name: str) -> None:
        """Show a theme, and mark its row."""
        self.app.theme = name
        self.query_one(ThemeList).show_lines([self._row(one, one == name) for one in self.names])

    def _row(self, name: str, is_here: bool) -> Line:
        own = "accent" if name in {theme.name for theme in THEMES} else ""
        mark = "► " if is_here else "  "
        style = f"{own} bold".strip() if is_here else own
        return line((mark, "accent bold"), (f"{name:<24}", style), (ABOUT.get(name, ""), "dim"))


def _matches(matcher: Matcher, name: str, text: str) -> bool:
    return matcher.match(name) > 0 or text.casefold() in ABOUT.get(name, "")
