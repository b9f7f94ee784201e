"""Finds where NaN and Inf came about in a recorded run, from the statistics: `nan`, over rows."""

from __future__ import annotations

from typing import Final

from gradstep.protocol.breakpoints.origin import NumberUse, origin_text, origins
from gradstep.protocol.row import EventRow
from gradstep.trace.census import recorded_census
from gradstep.trace.reader import RunTrace

STRETCH: Final = 2048
_USED_SHOWN: Final = 3


class RecordedOrigins:
    """Answers for one run."""

    def __init__(self, run: RunTrace) -> None:
        """Look at `run`."""
        self._run = run
        self._stretch = -1
        self._candidates: set[int] = set()
        self._last: tuple[int, str] = (0, "")

    def is_at(self, row: EventRow) -> bool:
        """Tell whether NaN or Inf came about at `row`."""
        return bool(self.told(row))

    def told(self, row: EventRow) -> str:
        """Return what the tensors of `row` held, "" if nothing came about there."""
        if self._last[0] != row.seq:
            self._last = row.seq, self._found(row) if self._is_candidate(row.seq) else ""
        return self._last[1]

    def _is_candidate(self, seq: int) -> bool:
        stretch = seq // STRETCH
        if stretch != self._stretch:
            self._stretch = stretch
            start, stop = stretch * STRETCH, (stretch + 1) * STRETCH
            # A version of a tensor stands at the event with which it came about.
            self._candidates = {
                row[0]
                for row in self._run.database.rows(
                    "SELECT e.seq FROM event_tensor AS e CROSS JOIN value AS v"
                    " ON v.run = e.run AND v.tensor = e.tensor AND v.seq = e.seq"
                    " WHERE e.run = ? AND e.seq >= ? AND e.seq < ? AND (v.nan > 0 OR v.inf > 0)",
                    (self._run.number, start, stop),
                )
            }
        return seq in self._candidates

    def _found(self, row: EventRow) -> str:
        uses = self._uses(row)
        made = origins(row, uses)
        if not made:
            return ""
        read = [use for use in uses if use.is_input and use not in made]
        counted = [self._counted(row, use) for use in (*made, *read[:_USED_SHOWN])]
        return origin_text(row, counted[: len(made)], counted[len(made) :])

    def _uses(self, row: EventRow) -> list[NumberUse]:
        run = self._run
        found = []
        for use in run.tensors(row.seq):
            if use.tensor is None:
                continue
            value = run.value(use.tensor, row.seq, use.version)
            before = run.value(use.tensor, row.seq - 1)
            is_copy = use.role == "before" or use.role.startswith("state_before")
            is_new = value is not None and value.seq == row.seq and not is_copy
            shown = value if is_new or before is None else before
            odd = (shown.nan > 0, shown.inf > 0) if shown is not None else (False, False)
            odd_before = (before.nan > 0, before.inf > 0) if before is not None else (False, False)
            found.append(NumberUse(use.role, use.tensor, use.version, is_new, *odd, *odd_before))
        return found

    def _counted(self, row: EventRow, use: NumberUse) -> tuple[str, str]:
        moment = self._run.at(row.seq)
        value = moment.version(use.tensor, use.version)
        name = moment.name(use.tensor)
        if value is None:
            return f"{use.role} {name}", "not recorded"
        return f"{use.role} {name} {list(value.shape)}", recorded_census(value)
