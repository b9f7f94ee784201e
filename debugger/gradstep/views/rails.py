"""Lanes for a graph drawn in execution order, as `git log --graph` draws history.

Only structure goes in and comes out (row numbers), so that a layout is computed once per shape of
graph and kept, however often the picture is repainted. Work is O(rows x lanes), and a row is drawn
when it is first looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

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

Structure = tuple[tuple[int, ...] | None, ...]
"""For each row, the earlier rows whose output it takes; None for a row without a node, as a title
between others is: the lanes pass it by."""


@dataclass(frozen=True, slots=True)
class RailRow:
    """One row: `parts` is two letters per lane, `owners[i]` the row whose output letter i carries.

    An owner of -1 belongs to nobody (blank). `lane` is -1 in a row without a node.
    """

    lane: int
    parts: str
    owners: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """A row before it is drawn: its node's lane, the owners of all lanes, the edges it touches.

    `touched` is (lane, source, whether the lane ends here).
    """

    lane: int
    lanes: tuple[int, ...]
    touched: tuple[tuple[int, int, bool], ...]


class Rails:
    """The whole layout; `lanes` is the largest number of lanes that any row needs."""

    def __init__(self, rows: Sequence[_Row]) -> None:
        """Take the rows as they are to be drawn."""
        self._rows = rows
        self._drawn: dict[int, RailRow] = {}
        self.lanes = max((max(len(row.lanes), row.lane + 1) for row in rows), default=0)

    def row(self, index: int) -> RailRow:
        """Draw a row, once."""
        found = self._drawn.get(index)
        if found is None:
            found = self._drawn[index] = _draw(index, self._rows[index])
        return found

    @cached_property
    def rows(self) -> tuple[RailRow, ...]:
        """All rows, drawn."""
        return tuple(map(self.row, range(len(self._rows))))


@lru_cache(maxsize=8)
def lay_out(structure: Structure, *, open_ended: bool = False) -> Rails:
    """Give every row a lane. An output's lane is held until the last row that takes it.

    With `open_ended` more rows may follow, so an output that nobody has taken stays open.
    """
    last = _last_uses(structure, open_ended)
    lanes: list[int] = []  # lanes[k] is the row whose output runs in lane k, -1 if free
    lane_of: dict[int, int] = {}
    rows = []
    for row, taken in enumerate(structure):
        if taken is None:
            rows.append(_Row(-1, tuple(lanes), ()))
            continue
        touched = tuple((lane_of[source], source, last[source] == row) for source in taken)
        ending = [lane for lane, _, ends in touched if ends]
        lane = min(ending) if ending else _free_lane(lanes)
        rows.append(_Row(lane, tuple(lanes), touched))
        for where, source, ends in touched:
            if ends:
                lanes[where] = -1
                del lane_of[source]
        if last[row] > row:
            lanes[lane], lane_of[row] = row, lane
        while lanes and lanes[-1] == -1:
            lanes.pop()
    return Rails(rows)


def _last_uses(structure: Structure, open_ended: bool) -> list[int]:
    end = len(structure)
    last = [-1] * end
    for row, taken in enumerate(structure):
        for source in taken or ():
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


def _draw(number: int, row: _Row) -> RailRow:
    parts: list[str] = []
    owners: list[int] = []
    for owner in row.lanes:
        parts += ("|" if owner >= 0 else " ", " ")
        owners += (owner, -1)
    if row.lane >= 0:
        touched = {lane: source for lane, source, _ in row.touched}
        low, high = min((row.lane, *touched)), max((row.lane, *touched))
        by_edge = _edge_owners(row.lane, touched)
        for place in range(2 * low + 1, 2 * high):
            # A lane that is only passed stays upright: the edge goes under it.
            if parts[place] == " ":
                parts[place], owners[place] = "-", by_edge[place // 2]
        for where, source, ends in row.touched:
            parts[2 * where] = _meeting(where, row.lane, low, high, ends=ends)
            owners[2 * where] = source
        parts[2 * row.lane], owners[2 * row.lane] = "o", number
    shown = len("".join(parts).rstrip())
    return RailRow(row.lane, "".join(parts[:shown]), tuple(owners[:shown]))


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
