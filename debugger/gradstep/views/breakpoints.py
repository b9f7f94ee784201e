"""The list of breakpoints: what each says, how often it was met, why it was not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from gradstep.protocol.breakpoints import Breakpoint, BreakpointError
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.numbers import plural
from gradstep.views.text import Line, fit, line


class Listed(Protocol):
    """A breakpoint of the book."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def text(self) -> str:
        """What it says."""

    @property
    def enabled(self) -> bool:
        """Whether it is on."""

    @property
    def hits(self) -> int:
        """How often it was met."""

    @property
    def note(self) -> str:
        """Why it has met nothing."""


def breakpoint_rows(
    items: Sequence[Listed],
    width: int,
    edited: int | None = None,
    glyphs: Glyphs = UNICODE,
    counts: Mapping[int, int | None] | None = None,
) -> list[tuple[int, Line]]:
    """Return a line for each breakpoint with its number, and one below it for what is wrong.

    `edited` is the one that the input below the list changes. `counts` are the hits by the cursor,
    where that stands in the past; else what is shown was counted by the script.
    """
    rows: list[tuple[int, Line]] = []
    for item in items:
        mark, style = _mark(item, glyphs)
        state = "edited below" if item.id == edited else _state(item, counts or {})
        room = max(10, width - len(state) - 6)
        rows.append(
            (
                item.id,
                line(
                    (f" {mark} ", style),
                    (fit(item.text, room), "bold" if item.enabled else "dim"),
                    (f"  {state}", "accent" if item.id == edited else "dim"),
                ),
            )
        )
        if item.note:
            rows.append((item.id, line((f"   ▲ {fit(item.note, max(10, width - 6))}", "warning"))))
    return rows


def _state(item: Listed, counts: Mapping[int, int | None]) -> str:
    if item.id not in counts:
        hits = plural(item.hits, "hit") if item.hits else ""
    else:
        count = counts[item.id]
        hits = "hits not counted" if count is None else f"{plural(count, 'hit')} by here"
    return " · ".join(filter(None, (hits, "" if item.enabled else "off")))


def _mark(item: Listed, glyphs: Glyphs) -> tuple[str, str]:
    if not item.enabled:
        return glyphs.disabled, "dim"
    try:
        point = Breakpoint.parse(item.text)
    except BreakpointError:
        return glyphs.disabled, "dim"
    if point.log:
        return "»", "accent"
    return (glyphs.conditional if point.condition or point.after else glyphs.breakpoint), "error"
