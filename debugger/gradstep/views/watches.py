"""The rows of the Watch tab: value now, change, and how it went."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.numbers import number
from gradstep.views.text import Line, fit, line, shorten

if TYPE_CHECKING:
    from gradstep.session.watches import Reading

NAME_WIDTH: Final = 20
VALUE_WIDTH: Final = 13
CHANGE_WIDTH: Final = 12


def watch_lines(readings: Sequence[Reading], width: int, glyphs: Glyphs = UNICODE) -> list[Line]:
    """Return a row for each reading."""
    name_width = min(NAME_WIDTH, max(8, width // 3))
    return [_row(reading, width, name_width, glyphs) for reading in readings]


def no_watches() -> list[Line]:
    """Say how to watch something."""
    return [
        line(("nothing is watched yet: ", "dim"), ("W", "accent bold"), (" watches the", "dim")),
        line(("selected tensor; in the console write", "dim")),
        line(("  watch loss", ""), ("   or any expression", "dim")),
    ]


def _row(reading: Reading, width: int, name_width: int, glyphs: Glyphs) -> Line:
    name = (f" {fit(reading.text, name_width)} ", "bold")
    if reading.error:
        return line(name, ("▲ " + reading.error, "warning"))
    if reading.number is None:
        room = max(8, width - name_width - 3)
        return line(name, (shorten(reading.value or "no value here", room), ""))
    value = f"|·| {number(reading.number)}" if reading.is_norm else number(reading.number)
    change = ""
    if reading.change is not None:
        change = f"Δ {reading.change:+.3g}" if reading.change else "Δ 0"
    room = width - name_width - 2 - VALUE_WIDTH - CHANGE_WIDTH
    return line(
        name,
        (fit(value, VALUE_WIDTH), "accent" if reading.change else ""),
        (fit(change, CHANGE_WIDTH), "" if reading.change else "dim"),
        (history_line(reading.history, room, glyphs), "forward"),
    )


def history_line(values: Sequence[float], width: int, glyphs: Glyphs = UNICODE) -> str:
    """Draw values as blocks between their smallest and largest; `!` stands for NaN and infinity.

    Where there are more values than cells, each cell shows the last of its share.
    """
    if width <= 0 or len(values) < 2:
        return ""
    if len(values) > width:
        count = len(values)
        values = [values[(cell + 1) * count // width - 1] for cell in range(width)]
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    blocks = glyphs.blocks
    top = len(blocks) - 1

    def block(value: float) -> str:
        if not math.isfinite(value):
            return "!"
        share = (value - low) / (high - low) if high > low else 0.0
        return blocks[min(top, int(share * (top + 1)))] if math.isfinite(share) else blocks[0]

    return "".join(map(block, values))
