"""The breakpoints of one script: numbered, switched on and off, kept between runs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradstep.protocol.breakpoints import Breakpoint, Entry
from gradstep.session.binding import warning_of


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One breakpoint as the user sees it; `text` is canonical.

    `note` says why it has met nothing, or can never, "" if there is nothing to say.
    """

    id: int
    text: str
    enabled: bool
    hits: int
    breakpoint: Breakpoint
    note: str = ""


class BreakpointBook:
    """The breakpoints in use. `on_change` is called after each change that a user made.

    `warning` is what there is to say about the last one added, "" if nothing. `kept` are the texts
    of those that were there from an earlier session. `told` has, by number, the unknown name in a
    condition that a stop over recorded rows has told of.
    """

    def __init__(self, script: str, on_change: Callable[[], None] = lambda: None) -> None:
        """Start with what was saved for `script` (an absolute path or a module's name)."""
        self.script = script
        self.warning = ""
        self.told: dict[int, str] = {}
        self.notes: dict[int, str] = {}
        """What there is to know about a breakpoint, by number: that it has met nothing, say."""
        self._on_change = on_change
        self._entries: dict[int, Entry] = {}
        self._unsaved: set[int] = set()
        self._last = 0
        self._missing: Callable[[Breakpoint], str] = lambda point: ""
        for text, enabled in _saved(script):
            self._note(self._insert(Breakpoint.parse(text), enabled))
        self.kept = tuple(e.text if e.enabled else f"{e.text} (off)" for e in self.list())

    def list(self) -> list[BookEntry]:
        """All breakpoints in the order in which they were made."""
        return [
            BookEntry(
                e.id,
                str(e.breakpoint),
                e.enabled,
                e.hits,
                e.breakpoint,
                "" if e.hits else self.notes.get(e.id, ""),
            )
            for e in self._entries.values()
        ]

    def entries(self) -> Iterable[Entry]:
        """The breakpoints as the matching code takes them, bare lines resolved."""
        return [
            Entry(e.id, e.breakpoint.resolved(self.script), e.enabled, e.hits)
            for e in self._entries.values()
        ]

    def add(self, text: str, *, save: bool = True) -> BookEntry:
        """Add a breakpoint, or switch on the one that says the same.

        Raises:
            BreakpointError: a ValueError with one clear line.
        """
        point = Breakpoint.parse(text)
        known = self._find(point)
        if known is None:
            known = self._insert(point)
            if not save:
                self._unsaved.add(known.id)
        known.enabled = True
        self.warning = self._note(known)
        self._changed()
        return self[known.id]

    def change(self, number: int, text: str) -> BookEntry:
        """Have a breakpoint say something else; it keeps its place in the list, and counts anew.

        Raises:
            BreakpointError: the text cannot be understood, and nothing has changed.
        """
        point = Breakpoint.parse(text)
        entry = self._entries.get(number)
        known = self._find(point)
        if entry is None or (known is not None and known is not entry):
            self.remove(number)
            return self.add(text)
        if entry.breakpoint != point:
            entry.breakpoint, entry.hits = point, 0
            self.told.pop(number, None)
        entry.enabled = True
        self.warning = self._note(entry)
        self._changed()
        return self[number]

    def bind(self, missing: Callable[[Breakpoint], str]) -> None:
        """Have `missing` say of each breakpoint why the run holds nothing that it could meet."""
        self._missing = missing
        for entry in self._entries.values():
            self._note(entry)

    def remove(self, number: int) -> None:
        """Remove a breakpoint; one that is gone already is no error."""
        if self._entries.pop(number, None) is not None:
            self._unsaved.discard(number)
            self._changed()

    def enable(self, number: int, enabled: bool = True) -> None:
        """Switch a breakpoint on or off."""
        entry = self._entries.get(number)
        if entry is not None and entry.enabled != enabled:
            entry.enabled = enabled
            self._changed()

    def enable_all(self, enabled: bool) -> None:
        """Switch all on or off."""
        for entry in self._entries.values():
            entry.enabled = enabled
        self._changed()

    def toggle(self, where: str) -> BookEntry | None:
        """Remove what stops at this place, or add a breakpoint there; return the added one.

        Raises:
            BreakpointError: `where` is no place.
        """
        place = self._place(Breakpoint.parse(where))
        there = [e.id for e in self._entries.values() if self._place(e.breakpoint) == place]
        if not there:
            return self.add(where)
        for number in there:
            del self._entries[number]
            self._unsaved.discard(number)
        self._changed()
        return None

    def note_hits(self, hits: Iterable[tuple[int, int]]) -> None:
        """Take over the counts that the debuggee sent."""
        for number, count in hits:
            if number in self._entries:
                self._entries[number].hits = count

    def forget_hits(self) -> None:
        """Begin to count anew: the script was started again."""
        self.told.clear()
        self.notes.clear()
        for entry in self._entries.values():
            self._note(entry)
        for entry in self._entries.values():
            entry.hits = 0

    def __getitem__(self, number: int) -> BookEntry:
        """The breakpoint of this number."""
        return next(entry for entry in self.list() if entry.id == number)

    def _insert(self, point: Breakpoint, enabled: bool = True) -> Entry:
        self._last += 1
        entry = self._entries[self._last] = Entry(self._last, point, enabled)
        return entry

    def _note(self, entry: Entry) -> str:
        """Note what there is to say about a breakpoint, and return it."""
        point = entry.breakpoint
        text = warning_of(point, self.script) or self._missing(point)
        if text:
            self.notes[entry.id] = text
        else:
            self.notes.pop(entry.id, None)
        return text

    def _find(self, point: Breakpoint) -> Entry | None:
        wanted = point.resolved(self.script)
        known = self._entries.values()
        return next((e for e in known if e.breakpoint.resolved(self.script) == wanted), None)

    def _place(self, point: Breakpoint) -> tuple[str, str, str, int]:
        resolved = point.resolved(self.script)
        return resolved.where, resolved.pattern, resolved.file, resolved.line

    def _changed(self) -> None:
        kept = [e for e in self._entries.values() if e.id not in self._unsaved]
        _save(self.script, [(str(e.breakpoint), e.enabled) for e in kept])
        self._on_change()


def _file(script: str) -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path("~/.local/state").expanduser()
    key = hashlib.sha256(script.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return Path(state, "gradstep", "breakpoints", f"{Path(script).stem}-{key}.json")


def _saved(script: str) -> list[tuple[str, bool]]:
    """What was saved; a file that somebody else wrote into counts as nothing saved."""
    try:
        data: Any = json.loads(_file(script).read_text("utf-8"))
        found = [(str(item["text"]), bool(item["enabled"])) for item in data["breakpoints"]]
        for text, _ in found:
            Breakpoint.parse(text)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return []
    return found


def _save(script: str, breakpoints: list[tuple[str, bool]]) -> None:
    """Keep the breakpoints for the next run; a place that cannot be written keeps none."""
    items = [{"text": text, "enabled": enabled} for text, enabled in breakpoints]
    text = json.dumps({"script": script, "breakpoints": items}, indent=1)
    # Breakpoints work for this run either way, and a read-only home is no reason to stop it.
    with contextlib.suppress(OSError, RuntimeError):
        file = _file(script)
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=file.parent, prefix=".new-", delete=False
        ) as new:
            new.write(text)
        os.replace(new.name, file)
