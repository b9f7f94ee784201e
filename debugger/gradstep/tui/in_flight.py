"""The motion that is in flight: while it is, the presses of a key held down do not pile up."""

from __future__ import annotations

import time
from typing import Final

REPEAT_WINDOW: Final = 0.3
"""Seconds: a key pressed this soon after a motion began asks for one more."""


class InFlight:
    """At most one motion, and the one that was asked for meanwhile."""

    def __init__(self) -> None:
        """Start with none."""
        self.motion: tuple[str, bool] | None = None
        self.next: tuple[str, bool] | None = None
        self._since = 0.0

    def begin(self, name: str, *, backward: bool = False) -> None:
        """A motion begins now."""
        self.motion = (name, backward)
        self.next = None
        self._since = time.monotonic()

    def ask(self, name: str, *, backward: bool) -> None:
        """Remember that a motion was asked for: the latest one alone, and only if it was soon."""
        self.next = (name, backward) if self.seconds() < REPEAT_WINDOW else None

    def end(self) -> None:
        """No motion is in flight any more."""
        self.motion = None
        self.next = None

    def seconds(self) -> float:
        """Return for how long the motion has been in flight."""
        return time.monotonic() - self._since
