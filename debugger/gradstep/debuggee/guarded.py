"""Answers that a user can break off, and that end by themselves where nobody waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

WATCH_SECONDS: Final = 0.5
"""How long one watched expression may take at a stop."""


class Interrupted(BaseException):
    """What runs for the user was broken off; no `except Exception` of the script's catches it."""


class Guard:
    """Breaks off what runs in the main thread for the user; `nudge` reaches that thread."""

    def __init__(self, nudge: Callable[[], None]) -> None:
        """Nothing runs yet."""
        self._nudge = nudge
        self._is_running = False
        self._is_wanted = False

    @contextmanager
    def running(self, seconds: float | None = None) -> Iterator[None]:
        """Run something for the user, for `seconds` at most if they are given.

        Raises:
            Interrupted: it was broken off.
        """
        timer = None
        self._is_wanted = False
        try:
            self._is_running = True
            if seconds is not None:
                timer = threading.Timer(seconds, self.interrupt)
                timer.daemon = True
                timer.start()
            yield
        finally:
            self._is_running = False
            if timer is not None:
                timer.cancel()

    def interrupt(self) -> bool:
        """Ask from another thread to break off what runs; tell whether something does."""
        if self._is_running:
            self._is_wanted = True
            self._nudge()
        return self._is_running

    def arrive(self) -> None:
        """Break it off: called in the main thread.

        Raises:
            Interrupted: it was asked for, and something still runs.
        """
        if self._is_running and self._is_wanted:
            self._is_wanted = self._is_running = False
            raise Interrupted
