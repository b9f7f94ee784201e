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


@dataclass(frozen=True, slots=True)
class _Leg:
    """One motion: from where to where."""

    motion: str
    target: Any
    start: int
    end: int


class Way:
    """The motions forward that end at the cursor, one behind the other.

    `here` is always the event at the cursor; where it is none that the last motion led to, there
    was a jump in between, and the way begins anew.
    """

    def __init__(self) -> None:
        """Start without a motion."""
        self._legs: deque[_Leg] = deque(maxlen=LEGS)

    def went(self, motion: str, target: Any, start: int, here: int, end: int) -> None:
        """Remember a motion from `start` to `end`.

        `start` is another event than `here` where the user changed something there: that makes
        events of its own.
        """
        self._begin_anew_unless(here)
        if end > start:
            self._legs.append(_Leg(motion, target, start, end))

    def taken_back(self, motion: str, target: Any, here: int) -> int | None:
        """Return where the last motion began, if it is this one, and forget it; else None."""
        self._begin_anew_unless(here)
        if not self._legs or (self._legs[-1].motion, self._legs[-1].target) != (motion, target):
            return None
        return self._legs.pop().start

    def forget(self) -> None:
        """Begin anew: the run is another one."""
        self._legs.clear()

    def _begin_anew_unless(self, here: int) -> None:
        if self._legs and self._legs[-1].end != here:
            self._legs.clear()
