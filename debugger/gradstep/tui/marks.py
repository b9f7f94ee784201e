"""Breakpoints as the source pane's gutter and border show them."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.protocol.breakpoints import Breakpoint, BreakpointError
from gradstep.protocol.place import same_file
from gradstep.session.code_lines import next_with_code
from gradstep.tui.port import BookPort, BreakpointPort
from gradstep.views.glyphs import Glyphs


def line_marks(book: BookPort, file: str) -> dict[int, str]:
    """Return breakpoint, conditional or disabled for each line of `file` that has one."""
    marks: dict[int, str] = {}
    for item in book.list():
        point = parsed(item)
        if point is not None and point.where == "line" and _is_in(point, file, book.script):
            marks[point.line] = _mark(item, point)
    return marks


def on_line(book: BookPort, file: str, number: int) -> BreakpointPort | None:
    """Return the breakpoint on a line."""
    for item in book.list():
        point = parsed(item)
        if point is None or point.where != "line" or point.line != number:
            continue
        if _is_in(point, file, book.script):
            return item
    return None


def line_place(book: BookPort, file: str, number: int) -> str:
    """Return the shortest text that means this line: the bare number in the script itself."""
    return str(number) if same_file(file, book.script) else f"{file}:{number}"


def line_to_toggle(book: BookPort, file: str, number: int, text: str) -> tuple[int, str]:
    """Return the line whose breakpoint is meant by a line of a file's text, and what to say of it.

    A line without code means the next one that has some. 0 if there is nothing to set or remove.
    """
    if on_line(book, file, number) is not None:
        return number, ""
    line = next_with_code(text, number)
    if line is None:
        return 0, f"there is no code on line {number} or after it"
    if line == number:
        return line, ""
    if on_line(book, file, line) is not None:
        return 0, f"line {number} has no code; line {line}, the next that has, has its breakpoint"
    return line, f"line {number} has no code: the breakpoint is on line {line}"


def parsed(item: BreakpointPort) -> Breakpoint | None:
    """Return a breakpoint's parts, None for text from a newer version."""
    try:
        return Breakpoint.parse(item.text)
    except BreakpointError:
        return None


def summary(breakpoints: Sequence[BreakpointPort], glyphs: Glyphs) -> str:
    """Return how many breakpoints there are, for a border."""
    counts = {"breakpoint": 0, "conditional": 0, "disabled": 0}
    for item in breakpoints:
        point = parsed(item)
        counts[_mark(item, point) if point else "disabled"] += 1
    parts = []
    if counts["breakpoint"]:
        parts.append(f"{glyphs.breakpoint} {counts['breakpoint']}")
    if counts["conditional"]:
        parts.append(f"{glyphs.conditional} {counts['conditional']} conditional")
    if counts["disabled"]:
        parts.append(f"{glyphs.disabled} {counts['disabled']} off")
    return "  ".join(parts) or "b sets a breakpoint"


def _mark(item: BreakpointPort, point: Breakpoint) -> str:
    if not item.enabled:
        return "disabled"
    return "conditional" if point.condition or point.after else "breakpoint"


def _is_in(point: Breakpoint, file: str, script: str) -> bool:
    return same_file(point.file or script, file)
