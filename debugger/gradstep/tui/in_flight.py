"""The motion that is in flight: while it is, the presses of a key held down do not pile up."""

from __future__ import annotations

import time
from typing import Final

REPEAT_WINDOW: Final = 0.3
"""Seconds: a key pressed again this soon after a motion began asks for one more of the same."""


class InFlight:
    """At most one motion, and whether one more of the same was asked for."""

    def __init__(self) -> None:
        """Start with none."""
        self.motion: tuple[str, bool] | None = None
        self.asked_again = False
        self._since = 0.0

    def begin(self, name: str, *, backward: bool = False) -> None:
        """A motion begins now."""
        self.motion = (name, backward)
        self.asked_again = False
        self._since = time.monotonic()

    def ask(self, name: str, *, backward: bool) -> None:
        """Remember that a motion was asked for: one repetition, if it is the same and soon."""
        self.asked_again = self.seconds() < REPEAT_WINDOW and self.motion == (name, backward)

    def end(self) -> None:
        """No motion is in flight any more."""
        self.motion = None
        self.asked_again = False

    def seconds(self) -> float:
        """Return for how long the motion has been in flight."""
        return time.monotonic() - self._since
