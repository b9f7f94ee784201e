"""Notices a script that seems to read its stdin, so that nobody waits for it in vain."""

from __future__ import annotations

from typing import Final

LOOK_SECONDS: Final = 1.0
"""So often is looked; a script must have stood still from one look to the next."""

SHOWN: Final = 40
"""Characters of its question that are repeated."""


class Awaiting:
    """Remembers the last look. Nothing tells for sure that a process reads: this is a guess."""

    def __init__(self) -> None:
        """Start without a look."""
        self._last: tuple[int, str] | None = None
        self._told: tuple[int, str] | None = None

    def question(self, state: str, head: int, printed: str) -> str:
        """Return the unfinished line that a script printed before it went quiet, "" if it did not.

        A line with a carriage return is a progress bar's.
        """
        last = printed.rpartition("\n")[2]
        now = (head, last) if state == "running" and last.strip() and "\r" not in last else None
        same = now is not None and now == self._last
        self._last = now
        self._told = now if same else None
        return last.strip()[-SHOWN:] if same else ""

    def still_asks(self, state: str, head: int, printed: str) -> bool:
        """Return whether the question that was found last still stands there."""
        return state == "running" and self._told == (head, printed.rpartition("\n")[2])
