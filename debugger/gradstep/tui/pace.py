"""Decides when the screen is painted: soon, but not more often than one can see."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from textual.app import App

FRAME_SECONDS: Final = 1 / 15
"""While the script runs the screen is painted no more often than this."""

PANES_SECONDS: Final = 0.1
"""While a key is held and the next motion is asked for already, panes are painted this often."""


class Pace:
    """Asks `paint` to paint."""

    def __init__(self, app: App[Any], paint: Callable[[], None]) -> None:
        """Use the clock of `app`."""
        self._app = app
        self._paint = paint
        self._is_late = False
        self._is_next = False
        self._panes_painted = 0.0

    def ask(self, *, runs: bool) -> None:
        """Have it painted: at once when the script stands, at the next frame while it runs."""
        if not runs:
            if not self._is_next:
                self._is_next = True
                self._app.call_next(self._paint_next)
        elif not self._is_late:
            self._is_late = True
            self._app.set_timer(FRAME_SECONDS, self._paint_late)

    def painted(self) -> None:
        """Forget what was asked for: it is done."""
        self._is_late = self._is_next = False

    def leaves_panes(self, *, more_comes: bool) -> bool:
        """Return whether a picture may leave the panes to the next, if that is due soon."""
        now = time.monotonic()
        if more_comes and now - self._panes_painted < PANES_SECONDS:
            return True
        self._panes_painted = now
        return False

    def _paint_next(self) -> None:
        """Paint, unless that was done after it was asked for."""
        if self._is_next:
            self._paint()

    def _paint_late(self) -> None:
        """Paint a frame of running, unless a later one was painted meanwhile."""
        if self._is_late:
            self._paint()
