"""Lanes for a graph drawn in execution order, as `git log --graph` draws history.

Only structure goes in and comes out (row numbers), so that a layout is computed once per shape of
graph and kept, however often the picture is repainted. Work is O(rows x lanes).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

CORNER_UP: Final = "end_up"
PARTS: Final = {
    " ": " ",
    "|": "rail",
    "-": "across",
    "+": "crossing",
    "t": "fork",
    "T": "tee_left",
    "j": "join",
    "e": "end_up",
    "o": "node",
}
"""A rail is a string of these letters; the glyph table says how each is drawn."""

CUT_PARTS: Final = {"|": "rail_cut", "-": "across_cut"}
"""The letters that are drawn dashed where only values pass and no gradient comes back."""

Structure = tuple[tuple[int, ...], ...]
"""For each row, the earlier rows whose output it takes."""


@dataclass(frozen=True, slots=True)
class RailRow:
    """One row: `parts` is two letters per lane, `owners[i]` the row whose output letter i carries.

    An owner of -1 belongs to nobody (blank).
    """

    lane: int
    parts: str
    owners: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rails:
    """The whole layout; `lanes` is the largest number of lanes that any row needs."""

    rows: tuple[RailRow, ...]
    lanes: int


@lru_cache(maxsize=8)
def lay_out(structure: Structure, *, open_ended: bool = False) -> Rails:
    """Give every row a lane. An output's lane is held until the last row that takes it.

    With `open_ended` more rows may follow, so an output that nobody has taken stays open.
    """
    last = _last_uses(structure, open_ended)
    lanes: list[int] = []  # lanes[k] is the row whose output runs in lane k, -1 if free
    lane_of: dict[int, int] = {}
    rows = []
    widest = 0
    for row, taken in enumerate(structure):
        ending = sorted(lane_of[source] for source in taken if last[source] == row)
        lane = ending[0] if ending else _free_lane(lanes)
        rows.append(_draw(row, lane, taken, lanes, lane_of, last))
        for source in taken:
            if last[source] == row:
                lanes[lane_of.pop(source)] = -1
        if last[row] > row:
            lanes[lane], lane_of[row] = row, lane
        widest = max(widest, len(lanes))
        while lanes and lanes[-1] == -1:
            lanes.pop()
    return Rails(tuple(rows), widest)


def _last_uses(structure: Structure, open_ended: bool) -> list[int]:
    end = len(structure)
    last = [-1] * end
    for row, taken in enumerate(structure):
        for source in taken:
            last[source] = row
    return [
        use if use >= 0 else (end if open_ended or row == end - 1 else row)
        for row, use in enumerate(last)
    ]


def _free_lane(lanes: list[int]) -> int:
    if -1 in lanes:
        return lanes.index(-1)
    lanes.append(-1)
    return len(lanes) - 1


def _draw(
    row: int,
    lane: int,
    taken: tuple[int, ...],
    lanes: list[int],
    lane_of: dict[int, int],
    last: list[int],
) -> RailRow:
    parts: list[str] = []
    owners: list[int] = []
    for owner in lanes:
        parts += ("|" if owner >= 0 else " ", " ")
        owners += (owner, -1)
    touched = {lane_of[source]: source for source in taken}
    low, high = min((lane, *touched)), max((lane, *touched))
    by_edge = _edge_owners(lane, touched)
    for place in range(2 * low + 1, 2 * high):
        # A lane that is only passed stays upright: the edge goes under it.
        if parts[place] == " ":
            parts[place], owners[place] = "-", by_edge[place // 2]
    for where, source in touched.items():
        parts[2 * where] = _meeting(where, lane, low, high, ends=last[source] == row)
        owners[2 * where] = source
    parts[2 * lane], owners[2 * lane] = "o", row
    shown = len("".join(parts).rstrip())
    return RailRow(lane, "".join(parts[:shown]), tuple(owners[:shown]))


def _edge_owners(lane: int, touched: dict[int, int]) -> dict[int, int]:
    """Say for each gap between lanes whose edge runs in it: that of the farthest lane behind it."""
    owners: dict[int, int] = defaultdict(lambda: -1)
    for where in sorted(touched, key=lambda place: -abs(place - lane)):
        for gap in range(min(where, lane), max(where, lane)):
            owners[gap] = touched[where]
    return owners


def _meeting(where: int, lane: int, low: int, high: int, *, ends: bool) -> str:
    if where > lane:
        outermost = where == high
        return ("e" if ends else "T") if outermost else ("j" if ends else "+")
    return "t" if where == low else "+"
