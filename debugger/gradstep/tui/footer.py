"""What the footer offers: the keys that do something here and now, in groups, as many as fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from gradstep.tui.actions import BY_ID, Command
from gradstep.tui.frame import Frame
from gradstep.views.text import Line, Span, cells, line, width_of


@dataclass(frozen=True, slots=True)
class Here:
    """What decides which keys are of use: the state, the pane with the focus, the phase.

    `at_step` tells that the script stands inside of an optimizer's step that it has not left.
    """

    state: str = "paused"
    pane: str = "source"
    at_step: bool = False

    @property
    def runs(self) -> bool:
        """Whether the script runs, so that it can only be paused."""
        return self.state in ("running", "starting")


Offered = Callable[[Here], bool]


@dataclass(frozen=True, slots=True)
class Entry:
    """A command in the footer, and where it is of use."""

    id: str
    offered: Offered = lambda here: True


def _moves(here: Here) -> bool:
    return not here.runs


def _has_rows(here: Here) -> bool:
    return not here.runs and here.pane in ("source", "graph")


GROUPS: Final = (
    (
        Entry("run.pause", lambda here: here.runs),
        Entry("step.next", _moves),
        Entry("line.next", _moves),
        Entry("phase.next", _moves),
        Entry("iteration.next", _moves),
        Entry("continue.next", _moves),
        Entry("edge.now", lambda here: here.state == "past"),
    ),
    (
        Entry("step.skip", lambda here: here.at_step),
        Entry("step.edit", lambda here: here.at_step),
        Entry("break.toggle", _has_rows),
        Entry("cursor.to", _has_rows),
        Entry("console.focus"),
        Entry("goto.open", _moves),
    ),
    (
        Entry("connection.show", _moves),
        Entry("why.show", _moves),
        Entry("loss.show"),
        Entry("tensor.switch", _moves),
        Entry("pane.zoom"),
    ),
    (Entry("app.quit", lambda here: here.runs or here.state in ("exited", "recorded")),),
)

IN_TABLE: Final = {"connection.show": "back"}
"""Labels while the connection view lies over the panes."""

BACK: Final = "⇧"
"""A capital letter goes the same way back."""

BACK_RANK: Final = 12
BETWEEN: Final = "  "

Part = tuple[Command | None, Line]


def here(frame: Frame, pane: str) -> Here:
    """Say what decides which keys are of use in a frame."""
    if frame.moment is None:
        return Here(frame.state, pane)
    event = frame.moment.event
    inside = event.phase == "step" and event.kind != "phase_exited"
    return Here(frame.state, pane, inside and frame.state == "paused")


def footer(
    at: Here, width: int, key_of: Callable[[Command], str]
) -> tuple[Line, list[tuple[int, int, Command]]]:
    """Return the keys, and where each stands: (first cell, cell behind the last, command)."""
    offered = [
        (number, entry)
        for number, group in enumerate(GROUPS)
        for entry in group
        if entry.offered(at)
    ]
    parts: dict[str, Part] = {entry.id: _part(entry, at, key_of) for _, entry in offered}
    ranks = {entry.id: BY_ID[entry.id].rank for _, entry in offered}
    places = {entry.id: number for number, entry in offered}
    order = [entry.id for _, entry in offered]
    if not at.runs:
        parts["back"] = (None, line((BACK, "accent bold"), (" back", "")))
        ranks["back"], places["back"] = BACK_RANK, 0
        order.insert(sum(number == 0 for number, _ in offered), "back")
    chosen: set[str] = set()
    widths = {name: width_of(part) for name, (_, part) in parts.items()}
    for name in sorted(order, key=lambda name: ranks[name]):
        if _width([n for n in order if n in chosen or n == name], widths, places) <= width:
            chosen.add(name)
    return _laid_out([name for name in order if name in chosen], parts, places)


def _part(entry: Entry, at: Here, key_of: Callable[[Command], str]) -> Part:
    command = BY_ID[entry.id]
    label = IN_TABLE.get(entry.id, command.short) if at.pane == "connection" else command.short
    return command, line((key_of(command), "accent bold"), f" {label}")


def _gap(before: str, after: str, places: dict[str, int]) -> str:
    return BETWEEN if places[before] == places[after] else f" {BETWEEN}"


def _width(names: list[str], widths: dict[str, int], places: dict[str, int]) -> int:
    gaps = sum(cells(_gap(a, b, places)) for a, b in pairwise(names))
    return gaps + sum(widths[name] for name in names)


def _laid_out(
    names: list[str], parts: dict[str, Part], places: dict[str, int]
) -> tuple[Line, list[tuple[int, int, Command]]]:
    spans: list[Span] = []
    found = []
    at = 0
    for index, name in enumerate(names):
        if index:
            gap = _gap(names[index - 1], name, places)
            spans.append(Span(gap, "dim"))
            at += cells(gap)
        command, part = parts[name]
        spans.extend(part)
        size = width_of(part)
        if command is not None:
            found.append((at, at + size, command))
        at += size
    return tuple(spans), found
