"""What a breakpoint table asks beside the row, answered from a recorded run."""

from __future__ import annotations

from gradstep.protocol.breakpoints import Entry
from gradstep.protocol.breakpoints.cause import error_text
from gradstep.protocol.row import EventRow
from gradstep.session.recorded_changes import RecordedChanges
from gradstep.session.recorded_origins import RecordedOrigins
from gradstep.trace.reader import RunTrace


class RecordedProbe:
    """Rows may be asked about in any order."""

    def __init__(self, run: RunTrace) -> None:
        """Look at `run`."""
        self._run = run
        self._origins = RecordedOrigins(run)
        self._changes: dict[int, RecordedChanges] = {}

    def is_at(self, entry: Entry, row: EventRow) -> bool:
        """Tell whether `row` is where a value changed, or NaN came about."""
        return bool(self.told(entry, row))

    def told(self, entry: Entry, row: EventRow) -> str:
        """Return by what and by how much, or what the tensors held, or which error it was."""
        point = entry.breakpoint
        if point.where == "nan":
            return self._origins.told(row)
        if point.where == "exception":
            return error_text(row)
        if point.watched is None:
            return ""
        if entry.id not in self._changes:
            self._changes[entry.id] = RecordedChanges(self._run, point.watched)
        return self._changes[entry.id].told(row)

    def mistakes(self) -> dict[int, str]:
        """Say, by breakpoint, which expression of a `change:` fails, and where first."""
        return {
            number: f"a mistake in the expression, {changes.mistake}"
            for number, changes in self._changes.items()
            if changes.mistake
        }

    def lacking(self) -> dict[int, str]:
        """Say, by breakpoint, which expression had no value because the trace lacks something."""
        return {
            number: f"had no value: {changes.lacking}"
            for number, changes in self._changes.items()
            if changes.lacking and not (changes.had_value or changes.mistake)
        }
