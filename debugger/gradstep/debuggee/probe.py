"""What a breakpoint table asks beside the row, answered from the running script."""

from __future__ import annotations

from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING

from gradstep.debuggee.nonfinite import OriginFinder
from gradstep.debuggee.watching import ChangeFinder
from gradstep.protocol.breakpoints import Entry
from gradstep.protocol.breakpoints.cause import error_text
from gradstep.protocol.row import EventRow

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder


class LiveProbe:
    """`frame` is the user's frame at the row in hand."""

    def __init__(self, recorder: Recorder) -> None:
        """Look at what `recorder` is told of."""
        self.frame: FrameType | None = None
        self.changes = ChangeFinder(recorder)
        self._origins = OriginFinder(recorder)
        self._finds_origins = False

    def begin(self, entries: Iterable[Entry], row: EventRow, frame: FrameType | None) -> None:
        """Take the breakpoints in use: what is new among them counts from here."""
        found = list(entries)
        self.changes.begin(found, row, frame)
        wanted = any(entry.enabled and entry.breakpoint.where == "nan" for entry in found)
        if wanted and not self._finds_origins:
            self._origins.begin()
        self._finds_origins = wanted

    def is_at(self, entry: Entry, row: EventRow) -> bool:
        """Tell whether `row` is where a value changed, or NaN came about."""
        if entry.breakpoint.where == "nan":
            return self._origins.is_at(row)
        return self.changes.is_at(entry, row, self.frame)

    def told(self, entry: Entry, row: EventRow) -> str:
        """Return by what and by how much, or what the tensors hold, or which error it was."""
        match entry.breakpoint.where:
            case "nan":
                return self._origins.told(row, self.frame)
            case "change":
                return self.changes.told(entry)
            case "exception":
                return error_text(row)
        return ""
