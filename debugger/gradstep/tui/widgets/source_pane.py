"""Pane 1: the script with the current line, breakpoints, and what each line computed."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from gradstep.protocol.place import place
from gradstep.tui.frame import EMPTY, Frame
from gradstep.tui.highlight import Highlighter
from gradstep.tui.marks import line_marks
from gradstep.tui.paint import Painter
from gradstep.tui.pointing import style_at
from gradstep.tui.widgets.lines import LinesView, lying_on
from gradstep.views.glyphs import Glyphs
from gradstep.views.source import (
    SourceLine,
    SourceView,
    ending_error,
    source_view,
    told_there,
)
from gradstep.views.text import Line, Span, crop, line, restyle, whole_parts, width_of


class SourcePane(LinesView):
    """The file of the event under the cursor; the gutter takes clicks for breakpoints."""

    HELP: ClassVar[str] = (
        "The script, as far as the event under the cursor: what each line computed in this "
        "iteration stands at its right. During backward the arrow stays at the call of backward(), "
        "and another one shows the forward line whose node runs."
    )

    class BreakpointAsked(Message):
        """The gutter of a line was clicked."""

        def __init__(self, file: str, number: int) -> None:
            """Say which line."""
            super().__init__()
            self.file = file
            self.number = number

    def __init__(self) -> None:
        """Start without a file."""
        super().__init__(id="source-view")
        self.frame = EMPTY
        self.view: SourceView | None = None
        self._highlighters: dict[tuple[str, int], Highlighter] = {}
        self._highlighter: Highlighter | None = None
        self._shown = (0, "", 0)
        self._made: dict[int, tuple[SourceLine, object, Strip]] = {}

    def paint(self, frame: Frame) -> None:
        """Take a new instant, with the breakpoints of the shown file."""
        self.frame = frame
        moment, session = frame.moment, frame.session
        if moment is None or session is None:
            return
        file, at_line = frame.standing
        shown = file or place(moment.event)[0] or moment.run.info.script
        marks = line_marks(session.breakpoints, shown)
        view = source_view(moment, file or None, marks=marks, glyphs=frame.glyphs)
        self.view = view = standing_on(view, at_line, frame.glyphs) if at_line else view
        self.view = view = told_there(view, frame.failure or ending_error(moment), frame.glyphs)
        if view.lines:
            self._take_highlighter(view)
        else:
            self._highlighter = None
            self._lines = view.note
        if view.file != self._shown[1]:
            self._made.clear()
        where = (frame.cursor, view.file, view.current)
        moved = where != self._shown
        self._shown = where
        row = max(0, view.current - 1) if moved and view.current else None
        self.content_changed(row)

    @property
    def file(self) -> str:
        """The shown file, "" for none."""
        return self.view.file if self.view is not None else ""

    @property
    def text(self) -> str:
        """The shown file's text, "" for none."""
        return "\n".join(one.text for one in self.view.lines) if self.view is not None else ""

    @property
    def selected_line(self) -> int:
        """The number of the line that the row cursor is on, 0 where there is no file."""
        return self.row + 1 if self.view is not None and self.view.lines else 0

    def row_count(self) -> int:
        """Return the file's length, or that of the note in its place."""
        if self.view is not None and self.view.lines:
            return len(self.view.lines)
        return len(self._lines)

    def row_line(self, row: int, width: int) -> Line:
        """Return one line as text: gutter, code, values."""
        if self.view is None or not self.view.lines:
            return self._lines[row]
        source = self.view.lines[row]
        code = self._code(source)
        left = round(self.scroll_offset.x)
        if left:
            code = _drop(code, left)
        room = width - width_of(source.gutter)
        if source.inline:
            taken = width_of(code)
            # The code comes before all values but the first.
            wanted = width_of(_first_part(source.inline)) + 2
            short = crop(code, max(room // 2, room - wanted)) if taken + wanted > room else code
            free = max(0, room - width_of(short) - 2)
            # A number is told as a whole or not at all; of a long error the beginning helps.
            fitting = crop if source.inline[0].style == "error" else whole_parts
            told = fitting(source.inline, free)
            if not told:
                return (*source.gutter, *crop(code, room))
            code = (*short, Span("  "), *restyle(told, "italic"))
        else:
            code = crop(code, room)
        return (*source.gutter, *code)

    def content_width(self) -> int:
        """Return the longest line, so that long ones can be scrolled."""
        if self.view is None:
            return 0
        longest = max((len(source.text) for source in self.view.lines), default=0)
        return longest + 8

    def repaint_all(self) -> None:
        """Forget what was painted, and paint every row again."""
        self._made.clear()
        super().repaint_all()

    def row_strip(self, row: int, width: int, painter: Painter) -> Strip:
        """Paint one line, made once as long as nothing about it changes."""
        source = self.view.lines[row] if self.view is not None and self.view.lines else None
        if source is None:
            return painter.strip(self.row_line(row, width)).crop_extend(0, width, None)
        how = (width, round(self.scroll_offset.x), painter, self._highlighter)
        made = self._made.get(row)
        if made is None or made[0] != source or made[1] != how:
            self._made[row] = made = (source, how, self._strip(row, width, painter))
        return made[2]

    def _strip(self, row: int, width: int, painter: Painter) -> Strip:
        """Paint one line; the current one over its whole width. The gutter never scrolls."""
        strip = painter.strip(self.row_line(row, width)).crop_extend(0, width, None)
        if self.view is not None and self.view.current == row + 1:
            strip = lying_on(strip, painter)
        left = round(self.scroll_offset.x)
        return Strip([*painter.segments(line(" " * left)), *strip]) if left else strip

    def row_text(self, row: int) -> str:
        """Return the code of a line, for finding."""
        return self.view.lines[row].text if self.view is not None and self.view.lines else ""

    def clicked(self, row: int, column: int) -> None:
        """Toggle a breakpoint in the gutter, select a line elsewhere."""
        if self.view is not None and self.view.lines:
            gutter = width_of(self.view.lines[row].gutter)
            if column - round(self.scroll_offset.x) < gutter:
                self.post_message(self.BreakpointAsked(self.view.file, row + 1))
        self.select_row(row)

    def is_value(self, row: int, column: int) -> bool:
        """Tell whether a column of a row lies in the values at its right."""
        width = self.scrollable_content_region.width
        left = round(self.scroll_offset.x)
        return "italic" in style_at(self.row_line(row, width), column - left).split()

    def action_sideways(self, by: int) -> None:
        """Scroll the code sideways."""
        self.virtual_size = Size(self.content_width(), self.row_count())
        super().action_sideways(by)
        self.refresh()

    def _code(self, source: SourceLine) -> Line:
        if self._highlighter is None:
            return line(source.text)
        return self._highlighter.line(source.number)

    def _take_highlighter(self, view: SourceView) -> None:
        key = (view.file, len(view.lines))
        found = self._highlighters.get(key)
        if found is None:
            found = Highlighter("\n".join(source.text for source in view.lines))
            self._highlighters[key] = found
            if not found.is_whole:
                self._lex_all(found)
        self._highlighter = found

    @work(thread=True, group="highlight")
    def _lex_all(self, highlighter: Highlighter) -> None:
        highlighter.lex_all()
        self.app.call_from_thread(self.repaint_all)


def _drop(spans: Line, count: int) -> Line:
    """Leave out the first `count` characters."""
    kept: list[Span] = []
    for span in spans:
        if count >= len(span.text):
            count -= len(span.text)
            continue
        kept.append(Span(span.text[count:], span.style))
        count = 0
    return tuple(kept)


def _first_part(inline: Line) -> Line:
    """Return what stands before the first blank span."""
    ends = (index for index, span in enumerate(inline) if span.text.isspace())
    return inline[: next(ends, len(inline))]


def standing_on(view: SourceView, number: int, glyphs: Glyphs) -> SourceView:
    """Move the arrow to where the script stands, when that is no event's own line."""
    moved = []
    for source in view.lines:
        is_here = source.number == number
        if is_here or source.current:
            source = replace(source, current=is_here, gutter=_gutter(source, is_here, glyphs))
        moved.append(source)
    return replace(view, lines=tuple(moved), current=number)


def _gutter(source: SourceLine, is_here: bool, glyphs: Glyphs) -> Line:
    """Return the gutter (mark, number, arrow) with or without the arrow."""
    mark, number, _ = source.gutter
    style = "accent bold" if is_here else "dim"
    arrow = glyphs.here if is_here else " "
    return (mark, Span(number.text, style), Span(f" {arrow} ", style))
