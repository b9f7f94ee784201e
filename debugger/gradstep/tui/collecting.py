"""Python's cyclic garbage is collected while nobody waits for a picture.

A full collection visits every object of Textual, numpy and ours: 60 to 110 ms, which a user sees as
a step that hangs; one of the 50,000 objects that some thirty pictures leave takes half of that. So
what the start made is taken out of all collections once (`gc.freeze`), what a picture has made is
looked at right after it was painted, and the rest when no other follows for a while. The automatic
collections are rare, and stay for work that paints nothing.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final, Protocol

AT_ONCE: Final = 0.03
"""Seconds after a picture was asked for: it has been painted, and a held key sends no other yet."""

QUIET: Final = 0.5
"""Seconds without another picture after which nobody is thought to press keys."""

PICTURES_UNTIL_MIDDLE: Final = 100
PICTURES_UNTIL_FULL: Final = 2000
"""Pictures after which older objects are looked at without a pause: a script may run for hours."""

PAUSED_UNTIL_FULL: Final = 60
"""Pictures after which a pause is used to look at all objects; at the younger ones it always is."""

THRESHOLDS: Final = (50_000, 10, 10)
"""Of the automatic collections, see `gc.set_threshold`."""


class Timer(Protocol):
    """What was set to happen later."""

    def cancel(self) -> None:
        """Let it not happen any more."""


After = Callable[[float, Callable[[], None]], Timer]
"""Calls a function after some seconds, as `call_later` of asyncio's event loops does."""


class Collecting:
    """Collects between pictures."""

    def __init__(self) -> None:
        """Leave everything as it is."""
        self._after: After | None = None
        self._timer: Timer | None = None
        self._automatic = gc.get_threshold()
        self._pictures = self._since_full = 0
        self._is_frozen = False

    def begin(self, after: After) -> None:
        """Make the automatic collections rare, and collect between pictures from now on."""
        self._after = after
        self._automatic = gc.get_threshold()
        gc.set_threshold(*THRESHOLDS)

    def painted(self) -> None:
        """Collect soon, unless another picture comes before."""
        if self._after is None:
            return
        self._pictures += 1
        self._since_full += 1
        self._set(AT_ONCE, self._collect_at_once)

    def end(self) -> None:
        """Leave the process as `begin` found it."""
        if self._after is None:
            return
        self._after = None
        if self._timer is not None:
            self._timer.cancel()
        gc.unfreeze()
        gc.set_threshold(*self._automatic)

    def _set(self, seconds: float, call: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._after(seconds, call) if self._after is not None else None

    def _collect_at_once(self) -> None:
        if self._pictures % PICTURES_UNTIL_FULL == 0:
            self._collect_all()
        else:
            gc.collect(0 if self._pictures % PICTURES_UNTIL_MIDDLE else 1)
        self._set(QUIET - AT_ONCE, self._collect_in_pause)

    def _collect_in_pause(self) -> None:
        if not self._is_frozen:
            self._is_frozen = True
            self._collect_all()
            gc.freeze()
        elif self._since_full >= PAUSED_UNTIL_FULL:
            self._collect_all()
        else:
            gc.collect(1)

    def _collect_all(self) -> None:
        self._since_full = 0
        gc.collect()
