"""A source file with the current line, breakpoints, and what each line computed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.inline import inline_values
from gradstep.views.text import Line, Span, line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.moment import Moment

MARKS: Final = {
    "breakpoint": ("breakpoint", "error"),
    "conditional": ("conditional", "error"),
    "disabled": ("disabled", "dim"),
}


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line of a file.

    `mark` is "", breakpoint, conditional or disabled, `gutter` mark, number and arrow as styled
    text, `inline` what stands at its right: values of this iteration, up to the cursor. `origin`
    marks the forward line of the backward node under the cursor.
    """

    number: int
    text: str
    current: bool
    mark: str
    gutter: Line
    inline: Line
    origin: bool = False


@dataclass(frozen=True, slots=True)
class SourceView:
    """A file as of a moment; `current` is the 1-based current line, 0 if it is elsewhere."""

    file: str
    lines: tuple[SourceLine, ...]
    current: int
    note: tuple[Line, ...]


def place_of(event: EventRow) -> tuple[str, int]:
    """Give the line that the script is at: for a node that of the backward() call."""
    if event.call_line and event.kind in ("node", "accumulated"):
        return event.call_file or event.file, event.call_line
    return event.file, event.line


def source_view(
    moment: Moment,
    file: str | None = None,
    *,
    marks: Mapping[int, str] | None = None,
    glyphs: Glyphs = UNICODE,
) -> SourceView:
    """Show `file` (default: the file of the event under the cursor, else the script).

    `marks` maps line numbers to breakpoint, conditional or disabled.
    """
    event = moment.event
    at_file, at_line = place_of(event)
    shown = file or at_file or moment.run.info.script
    text = moment.run.source(shown)
    if text is None and file is None:
        known = moment.run.sources()
        shown = shown if shown in known else (known[0] if known else shown)
        text = moment.run.source(shown)
    if text is None:
        note = (
            line(("no source recorded", "bold")),
            line((f"{shown or 'the script'} was not kept in this trace", "dim")),
        )
        return SourceView(shown, (), 0, note)
    current = at_line if shown == at_file else 0
    origin = event.line if event.kind in ("node", "accumulated") and shown == event.file else 0
    values = inline_values(moment, shown, glyphs)
    bare = _bare_lines(text)
    lines = list(bare)
    digits = _digits(len(bare))
    marked = marks or {}
    for number in {current, origin, *marked, *values}:
        if not 0 < number <= len(bare):
            continue
        mark, is_current, is_origin = marked.get(number, ""), number == current, number == origin
        lines[number - 1] = replace(
            bare[number - 1],
            current=is_current,
            mark=mark,
            gutter=_gutter(number, digits, mark, is_current, is_origin, glyphs),
            inline=values.get(number, ()),
            origin=is_origin,
        )
    return SourceView(shown, tuple(lines), current, ())


@lru_cache(maxsize=8)
def _bare_lines(text: str) -> tuple[SourceLine, ...]:
    """Give the lines of a file of which nothing is said: most of them, at every step."""
    rows = text.splitlines()
    digits = _digits(len(rows))
    return tuple(
        SourceLine(
            number=number,
            text=content.expandtabs(4),
            current=False,
            mark="",
            gutter=_gutter(number, digits, "", False, False, UNICODE),
            inline=(),
        )
        for number, content in enumerate(rows, 1)
    )


def _digits(rows: int) -> int:
    return max(2, len(str(rows)))


def _gutter(
    number: int, digits: int, mark: str, current: bool, origin: bool, glyphs: Glyphs
) -> Line:
    name, style = MARKS.get(mark, ("", ""))
    glyph = getattr(glyphs, name) if name else " "
    if current:
        arrow, look = glyphs.here, "accent bold"
    elif origin:
        arrow, look = glyphs.backward, "backward"
    else:
        arrow, look = " ", "dim"
    return (
        Span(glyph, style),
        Span(str(number).rjust(digits), look),
        Span(f" {arrow} ", look),
    )


def ending_error(moment: Moment) -> str:
    """Give the error that ended the run, at its last event."""
    error = moment.event.detail.get("error") if moment.event.kind == "run_finished" else None
    if not isinstance(error, Mapping):
        return ""
    text = f"{error.get('type', 'error')}: {error.get('message', '')}"
    # Python puts the place behind what it could not read; here it stands at that place.
    return re.sub(r" \([^()]*, line \d+\)$", "", text)


def told_there(view: SourceView, error: str, glyphs: Glyphs) -> SourceView:
    """Write an error at the right of the current line."""
    if not error or not 0 < view.current <= len(view.lines):
        return view
    told = line((f"{glyphs.cross} {error}", "error"))
    rows = list(view.lines)
    rows[view.current - 1] = replace(rows[view.current - 1], inline=told)
    return replace(view, lines=tuple(rows))


def caption(marks: Mapping[int, str], glyphs: Glyphs = UNICODE) -> str:
    """Count the breakpoints for the border: `● 1  ◆ 1 conditional`."""
    found = []
    plain = sum(mark == "breakpoint" for mark in marks.values())
    conditional = sum(mark == "conditional" for mark in marks.values())
    if plain:
        found.append(f"{glyphs.breakpoint} {numbers.count(plain)}")
    if conditional:
        found.append(f"{glyphs.conditional} {numbers.count(conditional)} conditional")
    return "  ".join(found)
