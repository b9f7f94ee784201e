"""Motions: where a step through a run stops, as predicates over its rows.

The stepper asks a rule about each row as it is made, the session about rows that are recorded:
one definition serves both. A rule keeps state, so it serves one motion only.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Any, Final

from gradstep.protocol.place import place, same_file
from gradstep.protocol.row import STEPPABLE, EventRow

MOTIONS: Final = ("step", "line", "phase", "iteration", "finish", "continue", "begin", "to")


class MotionError(ValueError):
    """A motion that does not exist, or a target it cannot go to; the text is for the user."""


class StopRule:
    """Says at which row a motion ends. Rows come in the motion's direction, origin excluded.

    `arms_lines` says that the script must produce `line` rows for the rule to work. `landing` is
    the row that the motion ends at: mostly the one that `stops_at` said yes to, but a rule that
    must look one row too far lands on an earlier one, and may land without ever saying yes when
    the rows run out. `occurrence` is how many rows at the wanted point are still to come: what is
    left when the recorded rows are used up goes with the script that makes the next ones.
    """

    def __init__(self, origin: EventRow, *, arms_lines: bool = False) -> None:
        """Start at `origin`."""
        self.origin = origin
        self.occurrence = 1
        self.arms_lines = arms_lines
        self.landing: EventRow | None = None

    def stops_at(self, row: EventRow) -> bool:
        """Tell whether the motion is over now that `row` has come."""
        if self._ends(row):
            self.landing = row
            return True
        return False

    def _ends(self, row: EventRow) -> bool:
        """The predicate of a rule that lands where it stops."""
        return False


class _Where(StopRule):
    """Stops at the first row for which a plain predicate holds."""

    def __init__(
        self, origin: EventRow, test: Callable[[EventRow], bool], *, arms_lines: bool = False
    ) -> None:
        super().__init__(origin, arms_lines=arms_lines)
        self._test = test

    def _ends(self, row: EventRow) -> bool:
        return self._test(row)


class _NextLine(StopRule):
    """Stops where a line of the user's begins: at its `line` row, or else the first row it caused.

    `latest` is the last row up to the origin that says which line runs. Without it, and where
    `line` rows are sure to come, no more than these begin a line. `wanted` chooses among lines.
    """

    def __init__(
        self,
        origin: EventRow,
        latest: EventRow | None,
        *,
        recorded: bool,
        wanted: Callable[[EventRow], bool] = lambda row: True,
    ) -> None:
        super().__init__(origin, arms_lines=True)
        self._here = None if latest is None else place(latest)
        self._knows_here = recorded or latest is not None
        self._wanted = wanted

    def _ends(self, row: EventRow) -> bool:
        if not has_place(row):
            return False
        here, was, knew = place(row), self._here, self._knows_here
        self._here, self._knows_here = here, True
        return (row.kind == "line" or (knew and here != was)) and self._wanted(row)


class _PreviousLine(StopRule):
    """Backward: the last place before the origin where a line of the user's began.

    It is known for one only when the row before it has come, which another line caused.
    """

    def __init__(
        self, origin: EventRow, wanted: Callable[[EventRow], bool] = lambda row: True
    ) -> None:
        super().__init__(origin)
        self._wanted = wanted

    def stops_at(self, row: EventRow) -> bool:
        if not has_place(row):
            return False
        if self.landing is not None and place(row) != place(self.landing):
            return True
        if self._wanted(row):
            self.landing = row
            return row.kind == "line"
        return False


class _NextIteration(StopRule):
    """The same point one iteration on; where there is none, the start of the one after."""

    def __init__(self, origin: EventRow, occurrence: int) -> None:
        super().__init__(origin, arms_lines=origin.kind == "line")
        self.occurrence = occurrence

    def _ends(self, row: EventRow) -> bool:
        origin = self.origin
        if row.iteration <= origin.iteration:
            return False
        if origin.iteration == 0 or not is_point(origin):
            return True
        if _point(row) == _point(origin):
            self.occurrence -= 1
        return self.occurrence <= 0 or row.iteration >= origin.iteration + 2


class _PreviousIteration(StopRule):
    """The same point one iteration back; where there is none, that iteration's start."""

    def __init__(self, origin: EventRow, occurrence: int) -> None:
        super().__init__(origin)
        # Rows come newest first: of all that match, the wanted one is so many before the last.
        self._matches: deque[EventRow] = deque(maxlen=occurrence)

    def stops_at(self, row: EventRow) -> bool:
        wanted = max(self.origin.iteration - 1, 0)
        if row.iteration > wanted:
            return False
        if row.iteration < wanted:
            return True
        if is_point(self.origin) and _point(row) == _point(self.origin):
            self._matches.append(row)
        is_found = len(self._matches) == self._matches.maxlen
        self.landing = self._matches[0] if is_found else row
        return False


def rule(
    motion: str,
    origin: EventRow,
    *,
    backward: bool = False,
    target: Any = None,
    recorded: bool = False,
    occurrence: int = 1,
    latest: EventRow | None = None,
) -> StopRule:
    """Make the rule for one motion that starts at `origin`.

    Args:
        motion: one of `MOTIONS`.
        origin: the row that the run stands at; the motion never stops there again.
        backward: rows will come newest first.
        target: for `to`: a seq, an op or node name (a glob), or a line as `FILE:LINE` or
            `{"file": ..., "line": ...}`.
        recorded: the rows come from a trace, which may lack `line` rows: then a line begins at the
            first row that it caused.
        occurrence: for `iteration`: which of the rows at the same point of the next iteration is
            meant, from 1; see `occurrence_of`.
        latest: the last row up to `origin` that says which line runs, see `has_place`; None for
            the origin itself, if it does.

    Raises:
        MotionError: no such motion, or a target that says nothing.
    """
    if latest is None and has_place(origin):
        latest = origin
    match motion:
        case "step":
            return _Where(origin, lambda row: row.kind in STEPPABLE)
        case "line" if backward:
            return _PreviousLine(origin)
        case "line" if recorded:
            return _NextLine(origin, latest, recorded=True)
        case "line":
            return _Where(origin, lambda row: row.kind == "line", arms_lines=True)
        case "phase":
            return _Where(origin, lambda row: row.kind == "phase_exited")
        case "iteration":
            if backward:
                return _PreviousIteration(origin, occurrence)
            return _NextIteration(origin, occurrence)
        case "finish":
            return _Where(origin, _outside_call(origin) or _phase_edge(origin, backward))
        case "continue":
            return StopRule(origin)
        case "begin":
            return _Where(origin, _is_beginning)
        case "to":
            line = line_target(target)
            if line is None:
                return _to(origin, backward, target)
            on_line = _on_line(*line)
            if backward:
                return _PreviousLine(origin, on_line)
            return _NextLine(origin, latest, recorded=recorded, wanted=on_line)
    raise MotionError(f"no motion {motion!r}; there are {', '.join(MOTIONS)}")


def occurrence_of(origin: EventRow, rows: Iterable[EventRow]) -> int:
    """Return which of the rows at the same point of its iteration `origin` is, from 1.

    An iteration may run one op on one line several times, and two nodes of one kind may come from
    one line. `rows` are those of the iteration up to `origin`. Lines are recorded only where they
    were stepped through, so of a line no count is known.
    """
    if origin.kind == "line":
        return 1
    wanted = _point(origin)
    return max(1, sum(row.iteration == origin.iteration and _point(row) == wanted for row in rows))


def search(stop_rule: StopRule, rows: Iterable[EventRow]) -> EventRow | None:
    """Drive a rule over rows and return where it lands, None if nowhere."""
    for row in rows:
        if stop_rule.stops_at(row):
            break
    return stop_rule.landing


def row_to_wire(row: EventRow) -> dict[str, Any]:
    """The places and counters of a row, which is all that a rule asks of its origin."""
    fields = asdict(row)
    del fields["detail"]
    return fields


def row_from_wire(fields: Mapping[str, Any]) -> EventRow:
    """Read back what `row_to_wire` made."""
    return EventRow(**{**fields, "calls": tuple(fields.get("calls", ()))})


def _point(row: EventRow) -> tuple[str, str, str, str, int]:
    return row.kind, row.phase, row.name, row.file, row.line


def is_point(row: EventRow) -> bool:
    """Tell whether the loop comes by here every time round; prints and the start do not count."""
    return row.kind in STEPPABLE or row.kind == "line"


def latest_place(rows: Iterable[EventRow]) -> EventRow | None:
    """Return the first of `rows`, which come newest first, that says which line runs."""
    return next(filter(has_place, rows), None)


def has_place(row: EventRow) -> bool:
    """Tell whether a row says which line runs: the derived ends of the forward stretch do not."""
    if row.phase == "forward" and row.kind in {"phase_entered", "phase_exited"}:
        return False
    return (row.kind in STEPPABLE or row.kind == "line") and place(row)[1] > 0


def _on_line(file: str, line: int) -> Callable[[EventRow], bool]:
    return lambda row: place(row)[1] == line and same_file(file, place(row)[0])


def _is_beginning(row: EventRow) -> bool:
    """Tell whether a phase of the loop begins here: nothing of it has happened yet."""
    return row.kind == "phase_entered" and row.phase != "other"


def _outside_call(origin: EventRow) -> Callable[[EventRow], bool] | None:
    if not origin.calls:
        return None
    innermost = origin.calls[-1]
    return lambda row: row.kind in STEPPABLE and innermost not in row.calls


def _phase_edge(origin: EventRow, backward: bool) -> Callable[[EventRow], bool]:
    """The other end of the phase that `origin` lies in; outside of any, the nearest such edge."""
    entered = origin.seq if origin.kind == "phase_entered" else origin.enclosing
    if backward:
        if origin.kind == "phase_entered" or not entered:
            return lambda row: row.kind == "phase_entered"
        return lambda row: row.kind == "phase_entered" and row.seq == entered
    if origin.kind == "phase_exited" or not entered:
        return lambda row: row.kind == "phase_exited"
    return lambda row: row.kind == "phase_exited" and row.enclosing == entered


def _to(origin: EventRow, backward: bool, target: Any) -> StopRule:
    if isinstance(target, int) and not isinstance(target, bool):
        if backward:
            return _Where(origin, lambda row: row.seq <= target)
        return _Where(origin, lambda row: row.seq >= target)
    if isinstance(target, str) and target:
        return _Where(
            origin, lambda row: row.kind in {"op", "node"} and fnmatchcase(row.name, target)
        )
    raise MotionError("go where? Give an event number, FILE:LINE, or the name of an op")


def line_target(target: Any) -> tuple[str, int] | None:
    """Read a target that is a line, None for any other."""
    if isinstance(target, Mapping):
        return str(target.get("file", "")), int(target.get("line", 0))
    if isinstance(target, str):
        found = re.fullmatch(r"(.+):(\d+)", target)
        if found:
            return found[1], int(found[2])
    return None
