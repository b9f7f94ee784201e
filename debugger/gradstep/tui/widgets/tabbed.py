"""A bordered pane whose tabs stand in its border title and so cost no row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import Offset, Region
from textual.message import Message
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import ContentSwitcher

SEPARATOR = " │ "


class TabbedPane(Vertical):
    """A numbered pane. `tabs` are (id, title) pairs of its contents.

    `neighbours` are the titles of panes that share the place on a narrow screen; then they stand
    in the border title too, and a click on one asks for it.
    """

    DEFAULT_CSS = """
    TabbedPane {
        border: round $border-blurred;
        border-title-color: $muted;
        border-subtitle-color: $muted;
        background: $surface;
    }
    TabbedPane:focus-within { border: round $primary; border-title-color: $primary; }
    TabbedPane ContentSwitcher { height: 1fr; }
    """
    active: var[str] = var("")
    neighbours: var[tuple[tuple[str, str], ...]] = var(())

    class Asked(Message):
        """A click on another pane's title, or on a tab of this one."""

        def __init__(self, pane: str) -> None:
            """Say which pane was asked for."""
            super().__init__()
            self.pane = pane

    class TabShown(Message):
        """Another tab of this pane is visible now."""

        def __init__(self, pane: TabbedPane) -> None:
            """Say which pane."""
            super().__init__()
            self.pane = pane

    class Dragged(Message):
        """One of this pane's borders is drawn to a place on the screen."""

        def __init__(self, pane: TabbedPane, edge: str, x: int, y: int, *, is_done: bool) -> None:
            """Say which: left, right, top or bottom; `is_done` when the mouse let it go."""
            super().__init__()
            self.pane = pane
            self.edge = edge
            self.x = x
            self.y = y
            self.is_done = is_done

    def __init__(
        self,
        number: int,
        tabs: Sequence[tuple[str, str]],
        contents: Sequence[Widget],
        *,
        id: str,  # noqa: A002
    ) -> None:
        """Make a pane; `contents[i]` has the id `tabs[i][0]`."""
        super().__init__(id=id, classes="pane")
        self.number = number
        self.tabs = tuple(tabs)
        self.badges: dict[str, str] = {}
        self._edge = ""
        self._was_drawn = False
        self._held_at = Offset()
        self._contents = contents
        self._told = ""
        self._tells = False

    def compose(self) -> ComposeResult:
        """Put the contents one over the other."""
        with ContentSwitcher(initial=self.tabs[0][0]):
            yield from self._contents

    def on_mount(self) -> None:
        """Show the first tab."""
        self.active = self.tabs[0][0]

    def watch_active(self) -> None:
        """Show the tab's content."""
        if self.active:
            self.query_one(ContentSwitcher).current = self.active
            self.write_title()
            self.post_message(self.TabShown(self))

    def watch_neighbours(self) -> None:
        """Write the title anew."""
        if self.active:
            self.write_title()

    def content(self) -> Widget:
        """Return the visible content."""
        return self._contents[[name for name, _ in self.tabs].index(self.active)]

    def next_tab(self) -> None:
        """Show the next tab, round the end."""
        names = [name for name, _ in self.tabs]
        self.active = names[(names.index(self.active) + 1) % len(names)]

    def write_below(self, markup: str) -> None:
        """Write into the lower border, and have no more than that painted."""
        if markup != self._told:
            self._told = markup
            self._tells = True
            self.border_subtitle = markup
            self._tells = False

    def refresh(
        self,
        *regions: Region,
        repaint: bool = True,
        layout: bool = False,
        recompose: bool = False,
    ) -> Self:
        """Paint soon; for a new text in the lower border Textual asks for the whole pane."""
        if self._tells and self.size:
            regions = (Region(-1, self.size.height, self.outer_size.width, 1),)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def write_title(self) -> None:
        """Write number, tabs and neighbours into the border."""
        parts = []
        for _, text, kind in self._title_parts():
            text = text.replace("[", r"\[")
            mark = {"active": f"[bold]{text}[/bold]", "sep": f"[$faint]{text}[/]"}
            parts.append(mark.get(kind, f"[$muted not bold]{text}[/]"))
        self.border_title = "".join(parts)

    def _title_parts(self) -> list[tuple[str, str, str]]:
        """Return (target, text, kind) from left to right; targets are tab or pane ids."""
        own: list[tuple[str, str, str]] = []
        for index, (name, title) in enumerate(self.tabs):
            text = f"{self.number} {title}" if index == 0 else title
            text += self.badges.get(name, "")
            if index:
                own.append(("", SEPARATOR, "sep"))
            own.append((name, text, "active" if name == self.active else "tab"))
        parts: list[tuple[str, str, str]] = []
        for pane, title in self.neighbours or ((self.id or "", ""),):
            if parts:
                parts.append(("", SEPARATOR, "sep"))
            parts.extend(own if pane == self.id else [(pane, title, "pane")])
        return parts

    def on_click(self, event: events.Click) -> None:
        """Show the tab, or ask for the pane, whose title was clicked."""
        x, y = self._place_of(event)
        if y != 0 or self._was_drawn:
            return
        left = 2
        for target, text, kind in self._title_parts():
            if left <= x < left + len(text):
                if kind == "pane":
                    self.post_message(self.Asked(target))
                elif target:
                    self.active = target
                    self.post_message(self.Asked(self.id or ""))
            left += len(text)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a border."""
        self._was_drawn = False
        self._edge = self._edge_at(*self._place_of(event)) if event.button == 1 else ""
        if self._edge:
            self._held_at = event.screen_offset
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Draw the border along."""
        if self._edge and (self._was_drawn or event.screen_offset != self._held_at):
            self._was_drawn = True
            self._tell_drawn(event, is_done=False)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let the border go."""
        if self._edge:
            if self._was_drawn:
                self._tell_drawn(event, is_done=True)
            self._edge = ""
            self.release_mouse()

    def _place_of(self, event: events.MouseEvent) -> tuple[int, int]:
        """Return where in this pane an event is; it may have come up from a widget inside."""
        return round(event.screen_x) - self.region.x, round(event.screen_y) - self.region.y

    def _edge_at(self, x: int, y: int) -> str:
        width, height = self.outer_size
        edges = {"left": x == 0, "right": x == width - 1, "top": y == 0, "bottom": y == height - 1}
        return next((edge for edge, is_there in edges.items() if is_there), "")

    def _tell_drawn(self, event: events.MouseEvent, *, is_done: bool) -> None:
        x, y = event.screen_offset
        self.post_message(self.Dragged(self, self._edge, x, y, is_done=is_done))
