"""The dialog that lists the themes; the one under the cursor is shown at once."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from gradstep.tui.theme import THEMES, theme_names
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.text import Line, line

ABOUT = {
    "gradstep-dark": "dark, for all kinds of colour vision",
    "gradstep-light": "light, for all kinds of colour vision",
    "gradstep-contrast": "high contrast on black",
    "gradstep-contrast-light": "high contrast on white",
    "ansi-dark": "the terminal's own colours, dark",
    "ansi-light": "the terminal's own colours, light",
}


class ThemeList(LinesView):
    """One theme per row."""

    def content_width(self) -> int:
        """Rows are short."""
        return 0


class ThemeScreen(ModalScreen[str]):
    """Returns the theme that was chosen; given up, the one that there was before."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "give_up", "Close", show=False),
    ]

    def __init__(self, theme: str) -> None:
        """Take the present theme."""
        super().__init__()
        self._before = theme
        self.names = theme_names()

    def compose(self) -> ComposeResult:
        """One list."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Theme"
            dialog.border_subtitle = "up down look · Enter keep · Escape back"
            yield ThemeList(id="theme-list")

    def on_mount(self) -> None:
        """Begin at the present theme."""
        view = self.query_one(ThemeList)
        view.focus()
        view.styles.height = len(self.names)
        view.show_lines([self._row(name) for name in self.names])
        self.call_after_refresh(view.content_changed, self.names.index(self._before))

    def _row(self, name: str) -> Line:
        own = "accent" if name in {theme.name for theme in THEMES} else ""
        return line((f" {name:<24}", own), (ABOUT.get(name, ""), "dim"))

    def on_lines_view_row_selected(self, message: LinesView.RowSelected) -> None:
        """Show the theme under the cursor."""
        message.stop()
        self.app.theme = self.names[message.row]

    def on_lines_view_row_activated(self, message: LinesView.RowActivated) -> None:
        """Keep it."""
        message.stop()
        self.dismiss(self.names[message.row])

    def action_give_up(self) -> None:
        """Go back to what was there before."""
        self.app.theme = self._before
        self.dismiss(self._before)
