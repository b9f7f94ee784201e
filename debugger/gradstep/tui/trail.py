"""Where one has been: a list of jumps to go back and forth in, and marks with letters."""

from __future__ import annotations

from typing import Final

MOST: Final = 200
"""Jumps that are remembered."""

BEFORE_JUMP: Final = "'"
"""The name of the mark that stands where one was before the last jump."""


class Trail:
    """Jumps and marks of one run; a run that starts again has none.

    Motions that walk are no jumps: of them the capital letter is the way back.
    """

    def __init__(self) -> None:
        """Start without any."""
        self._been: list[int] = []
        self._at = 0
        self.marks: dict[str, int] = {}
        self._stops: dict[int, None] = {}

    def stopped(self, seq: int) -> None:
        """Remember where a breakpoint stopped."""
        self._stops[seq] = None

    def stops(self) -> tuple[int, ...]:
        """Return the events at which breakpoints have stopped."""
        return tuple(self._stops)

    def jumped(self, origin: int) -> None:
        """Remember where a jump began; what lay ahead in the list is forgotten."""
        del self._been[self._at :]
        if not self._been or self._been[-1] != origin:
            self._been.append(origin)
        del self._been[:-MOST]
        self._at = len(self._been)
        self.marks[BEFORE_JUMP] = origin

    def back(self, here: int) -> int | None:
        """Return where the jump before began, None if there is none."""
        if self._at == 0:
            return None
        if self._at == len(self._been):
            # So that the way forward ends where the way back began.
            self._been.append(here)
        self._at -= 1
        if self._been[self._at] == here and self._at > 0:
            self._at -= 1
        return self._been[self._at]

    def forth(self) -> int | None:
        """Return where `back` came from, None if it did not."""
        if self._at + 1 >= len(self._been):
            return None
        self._at += 1
        return self._been[self._at]

    def set_mark(self, letter: str, seq: int) -> None:
        """Put a letter on an event; it moves if it stood elsewhere."""
        self.marks[letter] = seq

    def shown(self) -> dict[int, str]:
        """Return the letters by their events, for the timeline."""
        return {seq: letter for letter, seq in self.marks.items() if letter != BEFORE_JUMP}

    def clear(self) -> None:
        """Forget everything: the run is another one."""
        self._been.clear()
        self._at = 0
        self.marks.clear()
        self._stops.clear()
