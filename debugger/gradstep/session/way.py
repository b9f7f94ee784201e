"""The way that led to the cursor: the motions forward, so that each can be taken back.

Where a motion lands does not say where it began: all that is inside of a module call finishes at
one event. So what was walked is remembered, and a capital letter walks it back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any, Final

LEGS: Final = 10_000
"""Motions that are remembered."""

_SAME_KEY: Final = {"begin": "phase"}
"""In a lesson one key goes to beginnings and to ends, and its capital takes both back."""


@dataclass(frozen=True, slots=True)
class _Leg:
    """One motion: from where to where."""

    motion: str
    target: Any
    start: int
    end: int


class Way:
    """The motions forward, one behind the other, none of them beyond the cursor.

    `here` is always the event at the cursor. A jump back, or another capital, leaves of the way
    what led there: a motion that ended beyond it is forgotten. A jump forth leaves the way, and
    coming back to where it ended one is on it again.
    """

    def __init__(self) -> None:
        """Start without a motion."""
        self._legs: deque[_Leg] = deque(maxlen=LEGS)

    def went(self, motion: str, target: Any, start: int, here: int, end: int) -> None:
        """Remember a motion from `start` to `end`.

        `start` is another event than `here` where the user changed something there: that makes
        events of its own.
        """
        self._forget_beyond(here)
        if end > start:
            self._legs.append(_Leg(_SAME_KEY.get(motion, motion), target, start, end))

    def taken_back(self, motion: str, target: Any, here: int) -> int | None:
        """Return where the last motion began, if it is this one, and forget it; else None."""
        self._forget_beyond(here)
        wanted = _SAME_KEY.get(motion, motion), target, here
        last = self._legs[-1] if self._legs else None
        if last is None or (last.motion, last.target, last.end) != wanted:
            return None
        return self._legs.pop().start

    def _forget_beyond(self, here: int) -> None:
        while self._legs and self._legs[-1].end > here:
            self._legs.pop()
