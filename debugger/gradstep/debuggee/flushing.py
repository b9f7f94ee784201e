"""Commits what waits when no event comes that would: for recordings that nobody steps through.

A script that dies without a word (a crash in C, os._exit) loses no more than what happened in its
last `POLL_SECONDS` and a batch's age.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable
from typing import Final

POLL_SECONDS: Final = 0.1


class Flusher:
    """A thread that calls `flush_if_due` ten times a second.

    It is none of `threading`'s, so that the script counts its own threads only.
    """

    def __init__(self, flush_if_due: Callable[[], None]) -> None:
        """Call `flush_if_due` while started."""
        self._flush_if_due = flush_if_due
        self._wish_to_end = _thread.allocate_lock()
        self._running = _thread.allocate_lock()

    def start(self) -> None:
        """Begin, if it does not run."""
        if not self._running.locked():
            self._wish_to_end.acquire()
            self._running.acquire()
            _thread.start_new_thread(self._run, (self._wish_to_end, self._running))

    def stop(self) -> None:
        """End, and return when the thread has ended: a fork finds one thread less."""
        if self._running.locked():
            self._wish_to_end.release()
            with self._running:
                pass

    def _run(self, wish_to_end: _thread.LockType, running: _thread.LockType) -> None:
        try:
            while not wish_to_end.acquire(timeout=POLL_SECONDS):
                self._flush_if_due()
            wish_to_end.release()
        finally:
            running.release()
