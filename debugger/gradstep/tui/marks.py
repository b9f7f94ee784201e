"""Breakpoints as the source pane's gutter and border show them."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep.protocol.breakpoints import Breakpoint, BreakpointError
from gradstep.protocol.place import same_file
from gradstep.tui.port import BreakpointPort
from gradstep.views.glyphs import Glyphs


def line_marks(breakpoints: Sequence[BreakpointPort], file: str) -> dict[int, str]:
    """Return breakpoint, conditional or disabled for each line of `file` that has one."""
    marks: dict[int, str] = {}
    for item in breakpoints:
        point = parsed(item)
        if point is not None and point.where == "line" and _is_in(point, file):
            marks[point.line] = _mark(item, point)
    return marks


def on_line(breakpoints: Sequence[BreakpointPort], file: str, number: int) -> BreakpointPort | None:
    """Return the breakpoint on a line."""
    for item in breakpoints:
        point = parsed(item)
        if point and point.where == "line" and point.line == number and _is_in(point, file):
            return item
    return None


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


def _is_in(point: Breakpoint, file: str) -> bool:
    return not point.file or same_file(point.file, file)
