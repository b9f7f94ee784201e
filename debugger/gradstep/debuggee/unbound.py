"""Tells of breakpoints that have met nothing: by name at once, else after an iteration."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gradstep.debuggee.known_names import is_engine_loaded, unknown_name_text
from gradstep.debuggee.naming import BUFFER, PARAMETER
from gradstep.protocol.breakpoints import Entry, closest_text
from gradstep.protocol.row import EventRow

if TYPE_CHECKING:
    from gradstep.debuggee.recorder import Recorder
    from gradstep.debuggee.watching import ChangeFinder

Tell = Callable[[int, str], None]


class UnboundFinder:
    """`tell` is called with a breakpoint's number and why it has met nothing, once for each."""

    def __init__(self, recorder: Recorder, changes: ChangeFinder, tell: Tell) -> None:
        """Ask `recorder` for the names there are."""
        self._recorder = recorder
        self._changes = changes
        self._tell = tell
        self._told: set[int] = set()
        self._names_due = True
        self._due = 2

    def begin(self, row: EventRow) -> None:
        """Look anew: from `row` on the breakpoints are others."""
        self._names_due = True
        # A whole iteration has to pass; a breakpoint made within one waits for the next.
        self._due = row.iteration + 2

    def look(self, row: EventRow, entries: Iterable[Entry]) -> None:
        """Tell what can be told at `row`; `entries` are all breakpoints."""
        if self._names_due and is_engine_loaded():
            self._names_due = False
            for entry in entries:
                self._say(entry, unknown_name_text(entry.breakpoint))
        if row.iteration == self._due:
            self._due += 1 << 62
            self.look_back(entries, f"by the end of iteration {row.iteration - 1}")

    def look_back(self, entries: Iterable[Entry], when: str) -> None:
        """Tell which breakpoints have met nothing until now."""
        for entry in entries:
            if entry.enabled and not entry.met:
                self._say(entry, self._reason(entry, when))
        self._changes.give_up()

    def _reason(self, entry: Entry, when: str) -> str:
        point = entry.breakpoint
        if point.where == "param":
            names = self._parameters()
            if any(fnmatchcase(name, point.pattern) for name in names):
                return ""
            return _offering(f"no parameter '{point.pattern}' {when}", point.pattern, names)
        if point.where == "module":
            names = self._recorder.names.modules()
            if any(fnmatchcase(name, point.pattern) for name in names):
                return f"the module '{point.pattern}' was not called {when}"
            return _offering(f"no module '{point.pattern}' {when}", point.pattern, names)
        if (
            point.where == "change"
            and (trouble := self._changes.troubles.get(entry.id)) is not None
        ):
            return f"{point.pattern} has had no value {when}" + (f": {trouble}" if trouble else "")
        return ""

    def _parameters(self) -> list[str]:
        book = self._recorder.book
        named = ((name, book.get(uid)) for name, uid in book.named.items())
        return [
            name
            for name, entry in named
            if entry is not None
            and entry.name == name
            and (entry.is_parameter or PARAMETER <= entry.rank < BUFFER)
        ]

    def _say(self, entry: Entry, text: str) -> None:
        if text and entry.enabled and entry.id not in self._told:
            self._told.add(entry.id)
            self._tell(entry.id, text)


def _offering(text: str, wanted: str, names: Iterable[str]) -> str:
    return "; ".join(filter(None, (text, closest_text(wanted, names))))
