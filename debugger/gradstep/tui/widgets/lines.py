"""A scrolling pane of styled lines with a row cursor; only visible rows are ever painted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gradstep.tui.crash import noted
from gradstep.tui.paint import Painter, painter_for
from gradstep.views.text import Line, line, width_of

AROUND: Final = 2
"""In a new size, so many rows stay in sight above and below the row cursor."""


class LinesView(ScrollView, can_focus=True):
    """Base of all panes that show rows of text.

    Subclasses give `row_count` and `row_line`; the default shows what `show_lines` was given.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "cursor(-1)", "Up", show=False),
        Binding("down", "cursor(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "cursor(-1000000000)", "Top", show=False),
        Binding("end", "cursor(1000000000)", "Bottom", show=False),
        Binding("left", "sideways(-4)", "Left", show=False),
        Binding("right", "sideways(4)", "Right", show=False),
        Binding("enter", "activate", "Inspect", show=False),
    ]
    DEFAULT_CSS = """
    LinesView {
        width: 1fr; height: 1fr;
        overflow-x: scroll;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
        scrollbar-color: $faint; scrollbar-background: $surface;
        scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
        scrollbar-corner-color: $surface;
    }
    """
    HELP: ClassVar[str] = ""
    has_row_cursor: ClassVar[bool] = True
    # Textual's own lays out the whole screen for each new size; see watch_virtual_size.
    virtual_size = Reactive(Size(0, 0), layout=False, repaint=False)

    class RowSelected(Message):
        """The row cursor was moved by the user, or a row was clicked."""

        def __init__(self, view: LinesView, row: int) -> None:
            """Say which view and row."""
            super().__init__()
            self.view = view
            self.row = row

    class RowActivated(Message):
        """Enter was pressed on a row."""

        def __init__(self, view: LinesView, row: int) -> None:
            """Say which view and row."""
            super().__init__()
            self.view = view
            self.row = row

    class Pointed(Message):
        """A place in a row was clicked, `times` in a row."""

        def __init__(self, view: LinesView, row: int, column: int, times: int) -> None:
            """Say which view, row and column; columns are those of the row, not of the pane."""
            super().__init__()
            self.view = view
            self.row = row
            self.column = column
            self.times = times

        @property
        def text(self) -> str:
            """What the row shows."""
            return self.view.row_painted(self.row)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        """Start empty."""
        super().__init__(id=id)
        self.view: Any = None
        self._lines: Sequence[Line] = ()
        self.row: int = 0
        self._strips: dict[int, Strip] = {}
        self._strips_are_for: object = None
        self._base: tuple[Painter, Style] | None = None

    def row_count(self) -> int:
        """Return how many rows there are."""
        return len(self._lines)

    def row_line(self, row: int, width: int) -> Line:
        """Return one row's text; it may be wider than `width` where the pane scrolls sideways."""
        del width
        return self._lines[row]

    def content_width(self) -> int:
        """Return the width to scroll over; 0 for a pane that does not scroll sideways."""
        return max((width_of(row) for row in self._lines), default=0)

    def row_text(self, row: int) -> str:
        """Return a row's bare text, for finding."""
        return "".join(span.text for span in self.row_line(row, 400))

    def show_lines(self, lines: Sequence[Line], row: int | None = None) -> None:
        """Replace the content, keeping the scroll position unless `row` must be seen."""
        self._lines = lines
        self.content_changed(row)

    def show_failure(self, text: str) -> None:
        """Say that this pane could not be painted."""
        self.view = None
        self.show_lines(
            [line(("▲ this pane could not be painted", "warning")), line((text, "dim"))]
        )

    def content_changed(self, row: int | None = None) -> None:
        """Take over a new size; with `row`, move the cursor there and into view."""
        width, height = self.size
        wide, high = self.content_width(), self.row_count()
        # What fits needs no size of its own, and so no scroll bar.
        self.virtual_size = Size(wide if wide > width else width, high if high > height else height)
        old = self.row
        self.row = max(0, min(self.row if row is None else row, self.row_count() - 1))
        if row is not None:
            self.reveal(self.row)
        self._repaint({old, self.row} if self.row != old and self.has_focus else set())

    def watch_virtual_size(self, size: Size) -> None:
        """Fit the scroll bars; one that comes or goes has Textual lay out the screen."""
        height = self.styles.height
        if height is not None and height.is_auto:
            self.refresh(layout=True)
        elif self.container_size:
            self._scroll_update(size)

    def repaint_all(self) -> None:
        """Forget what was painted, and paint every row again."""
        self._strips.clear()
        self.refresh()

    def _repaint(self, also: set[int]) -> None:
        """Make the rows in sight, and have only those painted that look different."""
        before, self._strips = self._strips, {}
        top, height = round(self.scroll_offset.y), self.scrollable_content_region.height
        settled = self._strips_are_for == self._strips_now()
        if not (self.is_mounted and height and settled):
            self.refresh()
            return
        for row in range(top, top + height):
            strip = self._strip_of(row) if row < self.row_count() else None
            if strip != before.get(row) or row in also:
                self.refresh_row(row)

    def _strips_now(self) -> object:
        """Everything but the content that the look of the rows in sight depends on."""
        return (self.scrollable_content_region, self.scroll_offset, id(self.painter))

    def _strip_of(self, row: int) -> Strip:
        """Return the strip of a row, made once as long as it stays the same."""
        strip = self._strips.get(row)
        if strip is None:
            width = self.scrollable_content_region.width
            try:
                strip = self.row_strip(row, width, self.painter)
            except Exception as error:
                if self.app.is_headless:
                    raise
                strip = self.painter.strip(line((noted(error), "warning")))
            self._strips[row] = strip
        return strip

    def reveal(self, row: int, share: float = 0.6, around: int = 0) -> None:
        """Scroll so that a row and `around` ones beside it are visible, else at `share`."""
        height = self.scrollable_content_region.height
        top = round(self.scroll_offset.y)
        around = min(around, height // 4)
        first, last = max(0, row - around), min(self.row_count() - 1, row + around)
        if height and not top <= first <= last < top + height:
            self.scroll_to(y=max(0, row - int(height * share)), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """Paint one visible row."""
        row = y + round(self.scroll_offset.y)
        width = self.scrollable_content_region.width
        base = self._base_style()
        if row >= self.row_count():
            return Strip.blank(width, base)
        now = self._strips_now()
        if self._strips_are_for != now:
            self._strips.clear()
            self._strips_are_for = now
        strip = self._strip_of(row)
        left = round(self.scroll_offset.x)
        strip = strip.crop_extend(left, left + width, base)
        if row == self.row and self.has_row_cursor and self.has_focus:
            strip = self.under_cursor(strip)
        return strip.apply_style(base)

    def _base_style(self) -> Style:
        """Return the pane's own style; Textual would add it up anew for each row."""
        painter = self.painter
        if self._base is None or self._base[0] is not painter:
            self._base = (painter, self.rich_style)
        return self._base[1]

    def notify_style_update(self) -> None:
        """Forget what depends on the style."""
        self._base = None
        super().notify_style_update()

    def under_cursor(self, strip: Strip) -> Strip:
        """Return the strip of the row that the cursor is on."""
        return lying_on(strip, self.painter)

    def row_strip(self, row: int, width: int, painter: Painter) -> Strip:
        """Return the strip of a row; override it where a row is more than a view's line."""
        return painter.strip(self.row_line(row, width))

    @property
    def painter(self) -> Painter:
        """The painter of the present theme."""
        return painter_for(self.app)

    def on_click(self, event: events.Click) -> None:
        """Select the row under the mouse."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        row = offset.y + round(self.scroll_offset.y)
        if 0 <= row < self.row_count():
            column = offset.x + round(self.scroll_offset.x)
            self.post_message(self.Pointed(self, row, column, event.chain))
            self.clicked(row, column)

    def row_painted(self, row: int) -> str:
        """Return the text of a row as it was painted."""
        return self._strip_of(row).text if row < self.row_count() else ""

    def clicked(self, row: int, column: int) -> None:
        """Handle a click on a row; the default selects it."""
        del column
        self.select_row(row)

    def select_row(self, row: int) -> None:
        """Move the row cursor as the user does, and say so."""
        old = self.row
        self.row = max(0, min(row, self.row_count() - 1))
        self.reveal(self.row, 0.0 if self.row < old else 0.9)
        self.refresh()
        self.post_message(self.RowSelected(self, self.row))

    def find(self, text: str, *, after: bool = False) -> bool:
        """Move the cursor to the next row that holds `text`, round the end; False if none does."""
        count = self.row_count()
        wanted = text.casefold()
        for step in range(count):
            row = (self.row + step + (1 if after else 0)) % count
            if wanted in self.row_text(row).casefold():
                self.select_row(row)
                return True
        return False

    def action_cursor(self, by: int) -> None:
        """Move the row cursor, or scroll where there is none."""
        if self.has_row_cursor:
            if self.row_count():
                self.select_row(self.row + by)
        else:
            self.scroll_relative(y=by, animate=False)

    def action_page(self, pages: int) -> None:
        """Move by what is visible."""
        self.action_cursor(pages * max(1, self.scrollable_content_region.height - 1))

    def action_sideways(self, by: int) -> None:
        """Scroll sideways."""
        self.scroll_relative(x=by, animate=False)

    def action_activate(self) -> None:
        """Say that Enter was pressed on the row."""
        if self.row_count():
            self.post_message(self.RowActivated(self, self.row))

    def on_focus(self) -> None:
        """Show the row cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hide the row cursor."""
        self.refresh()

    def on_resize(self) -> None:
        """Take over the new size, and keep the row cursor in sight."""
        self.content_changed()
        if self.row_count() and self.has_row_cursor:
            # A size on the way to this one may have left it at the very edge.
            self.reveal(self.row, around=AROUND)

    def refresh_row(self, row: int) -> None:
        """Paint one row again."""
        y = row - round(self.scroll_offset.y)
        self.refresh(Region(0, y, self.size.width, 1))


def lying_on(strip: Strip, painter: Painter) -> Strip:
    """Lay the selection's background over a strip; text colours are kept where they can be read."""
    style = painter.style("selected")
    return Strip(
        [Segment(s.text, (s.style + style) if s.style else style) for s in strip],
        strip.cell_length,
    )
