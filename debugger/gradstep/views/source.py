"""A source file with the current line, breakpoints, and what each line computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line.

    `mark` is "", breakpoint, conditional or disabled, `gutter` mark and number as
    styled text, `inline` what stands at its right: values of this iteration, up to the cursor.
    """

    number: int
    text: str
    current: bool
    mark: str
    gutter: Line
    inline: Line


@dataclass(frozen=True, slots=True)
class SourceView:
    """A file as of a moment; `current` is the 1-based current line, 0 if it is elsewhere."""

    file: str
    lines: tuple[SourceLine, ...]
    current: int
    note: tuple[Line, ...]


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
    note = (line(("no source recorded", "dim")),)
    return SourceView(file or moment.event.file, (), moment.event.line, note)
