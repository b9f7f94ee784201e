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
    """Breaks off what runs for the user in the thread that is paused.

    `nudge` reaches the main thread, also in a call that waits; another thread is reached as soon
    as it runs Python.
    """

    def __init__(self, nudge: Callable[[], None]) -> None:
        """Nothing runs yet."""
        self._nudge = nudge
        self._lock = threading.Lock()
        self._thread: int | None = None
        self._is_wanted = False

    @contextmanager
    def running(self, seconds: float | None = None) -> Iterator[None]:
        """Run something for the user, for `seconds` at most if they are given.

        Raises:
            Interrupted: it was broken off.
        """
        timer = threading.Timer(seconds, self.interrupt) if seconds is not None else None
        try:
            try:
                self._is_wanted = False
                self._thread = threading.get_ident()
                if timer is not None:
                    timer.daemon = True
                    timer.start()
                yield
            finally:
                self._end(timer)
        except Interrupted:
            # It may have come while the end was under way.
            self._end(timer)
            raise

    def interrupt(self) -> bool:
        """Ask from another thread to break off what runs; tell whether something does."""
        with self._lock:
            thread = self._thread
            if thread is None:
                return False
            self._is_wanted = True
            if thread != threading.main_thread().ident:
                _raise_in(thread, Interrupted)
                return True
        self._nudge()
        return True

    def arrive(self) -> None:
        """Break it off, if it runs in the main thread: called there.

        Raises:
            Interrupted: it was asked for, and something still runs.
        """
        if self._is_wanted and self._thread == threading.get_ident():
            self._is_wanted, self._thread = False, None
            raise Interrupted

    def _end(self, timer: threading.Timer | None) -> None:
        with self._lock:
            thread, self._thread = self._thread, None
            if self._is_wanted and thread is not None and thread != threading.main_thread().ident:
                _raise_in(thread, None)
        if timer is not None:
            timer.cancel()


def _raise_in(thread: int, exception: type[BaseException] | None) -> None:
    """Have a thread raise this between two bytecodes; None takes back what has not been raised."""
    import ctypes

    thrown = ctypes.py_object(exception) if exception is not None else None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), thrown)
