"""Python's cyclic garbage is collected while nobody waits for a picture.

A full collection visits every object of Textual, numpy and ours: 60 to 110 ms, which a user sees as
a step that hangs. So what the start made is taken out of all collections once (`gc.freeze`), the
automatic ones are made rare, and the rest is collected when no picture was asked for in a while.
A key that is held for minutes leaves no such time; for it the automatic ones stay.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final, Protocol

QUIET_SECONDS: Final = 0.5
"""After a picture; a key that is held, or pressed again and again, comes sooner."""

PICTURES_UNTIL_FULL: Final = 60
"""The young objects are collected in every pause, all of them after this many pictures."""

THRESHOLDS: Final = (50_000, 10, 10)
"""Of the automatic collections (see `gc.set_threshold`): a picture keeps about 1,000 objects."""


class Timer(Protocol):
    """What was set to happen later."""

    def stop(self) -> None:
        """Let it not happen any more."""


class Collecting:
    """Collects in the pauses between pictures."""

    def __init__(self, after: Callable[[float, Callable[[], None]], Timer]) -> None:
        """Take what calls a function after some seconds."""
        self._after = after
        self._timer: Timer | None = None
        self._automatic = gc.get_threshold()
        self._pictures = 0
        self._is_on = self._is_frozen = False

    def begin(self) -> None:
        """Make the automatic collections rare."""
        self._automatic = gc.get_threshold()
        self._is_on = True
        gc.set_threshold(*THRESHOLDS)

    def painted(self) -> None:
        """Collect soon, unless another picture comes before."""
        if not self._is_on:
            return
        self._pictures += 1
        if self._timer is not None:
            self._timer.stop()
        self._timer = self._after(QUIET_SECONDS, self._collect)

    def end(self) -> None:
        """Leave the process as `begin` found it."""
        if not self._is_on:
            return
        self._is_on = False
        if self._timer is not None:
            self._timer.stop()
        gc.unfreeze()
        gc.set_threshold(*self._automatic)

    def _collect(self) -> None:
        self._timer = None
        if not self._is_frozen:
            self._is_frozen = True
            gc.collect()
            gc.freeze()
        elif self._pictures >= PICTURES_UNTIL_FULL:
            self._pictures = 0
            gc.collect()
        else:
            gc.collect(1)
