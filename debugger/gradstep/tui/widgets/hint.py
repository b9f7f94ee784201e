"""The lower border of a pane says what its content can do."""

from __future__ import annotations

from typing import Protocol

from textual.widget import Widget

from gradstep.tui.widgets.tabbed import TabbedPane


class Hinted(Protocol):
    """A content with something to say in the border."""

    @property
    def hint(self) -> str:
        """The text, "" for none."""


def show_hint(content: Widget) -> None:
    """Put a content's hint into the border of its pane, if it is the one that is shown."""
    pane = next((node for node in content.ancestors if isinstance(node, TabbedPane)), None)
    if pane is not None and pane.active == content.id:
        pane.write_below(hint_of(content))


def hint_of(content: object) -> str:
    """Give the hint of a pane's content for a border."""
    return str(getattr(content, "hint", "")).replace("[", r"\[")
