"""All keys from the table of commands, below what the pane with the focus shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from gradstep.tui.actions import COMMANDS, GROUPS, Command, unique_keys
from gradstep.tui.pane_keys import PANE_KEYS
from gradstep.tui.reading import READINGS, Reading
from gradstep.tui.widgets.graph_pane import GraphPane
from gradstep.tui.widgets.lines import LinesView
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.tui.screens.main import MainScreen

KEYS_WIDTH = 16


class HelpText(LinesView):
    """The text; it scrolls."""

    has_row_cursor = False


class HelpScreen(ModalScreen[None]):
    """Closes with Escape, q or ?."""

    CSS_PATH = "dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "close", "Close", show=False)
    ]

    def __init__(
        self,
        title: str,
        about: str,
        keys_of: Callable[[Command], str],
        reading: Reading | None = None,
    ) -> None:
        """Take the focused pane's name and text, and how to read it."""
        super().__init__()
        self._title = title
        self._about = about
        self._keys_of = keys_of
        self._reading = reading or Reading((), ())

    def compose(self) -> ComposeResult:
        """One scrolling text."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = "up down scroll · / find in panes · Escape close"
            yield HelpText(id="help-text")

    def on_mount(self) -> None:
        """Write the text."""
        self.query_one(HelpText).focus()
        self.call_after_refresh(self._fill)

    def on_resize(self) -> None:
        """Wrap anew."""
        self.call_after_refresh(self._fill)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def _fill(self) -> None:
        view = self.query_one(HelpText)
        width = max(30, view.size.width - 2)
        lines: list[Line] = []
        if self._about:
            lines.append(line((self._title, "accent bold")))
            lines.extend(line(part) for part in _wrapped(self._about, width))
            lines.append(())
        own = tuple((key.text, key.help) for key in PANE_KEYS.get(self._title, ()))
        for head, rows in (
            ("How to read it", self._reading.signs),
            ("Keys and mouse in this pane", (*self._reading.keys, *own)),
        ):
            if rows:
                lines.append(line((head, "accent bold")))
                for sign, meaning in rows:
                    lines.extend(_explained(sign, meaning, width))
                lines.append(())
        for group, title in GROUPS.items():
            lines.append(line((title, "accent bold")))
            for command in COMMANDS:
                if command.group == group:
                    lines.extend(self._command(command, width))
            lines.append(())
        view.show_lines(lines)

    def _command(self, command: Command, width: int) -> list[Line]:
        first = self._keys_of(command)
        keys = " ".join(dict.fromkeys((first, *unique_keys(command))))
        return _explained(keys, command.help, width)


def help_for(
    main: MainScreen, focused: Widget | None, keys_of: Callable[[Command], str]
) -> HelpScreen:
    """Return the help for what has the focus: the timeline, or a tab of a pane."""
    if focused is main.timeline:
        return HelpScreen("Timeline", main.timeline.HELP, keys_of)
    pane = main.focused_pane()
    content = pane.content()
    shown: Any = content.rows if isinstance(content, GraphPane) else content
    title = next(title for name, title in pane.tabs if name == pane.active)
    return HelpScreen(title, shown.HELP, keys_of, READINGS.get(pane.active))


def _explained(sign: str, meaning: str, width: int) -> list[Line]:
    """Return a sign at the left, and what it means in a column of its own."""
    texts = _wrapped(meaning, max(20, width - KEYS_WIDTH - 2))
    head = f"  {sign} ".ljust(KEYS_WIDTH)
    lines = [line((head, "accent bold"), texts[0])]
    lines.extend(line(" " * KEYS_WIDTH, text) for text in texts[1:])
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, width)
