"""Commits what waits when no event comes that would: for recordings that nobody steps through.

A script that dies without a word (a crash in C, os._exit) loses no more than what happened in its
last `POLL_SECONDS` and a batch's age.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable
from typing import Final

from gradstep.debuggee.own_thread import OwnThread

POLL_SECONDS: Final = 0.1


class Flusher:
    """A thread that calls `flush_if_due` ten times a second."""

    def __init__(self, flush_if_due: Callable[[], None]) -> None:
        """Call `flush_if_due` while started."""
        self._flush_if_due = flush_if_due
        self._wish_to_end = _thread.allocate_lock()
        self._thread = OwnThread(self._run)

    def start(self) -> None:
        """Begin, if it does not run."""
        if not self._thread.is_running:
            self._wish_to_end = _thread.allocate_lock()
            self._wish_to_end.acquire()
            self._thread.start()

    def stop(self) -> None:
        """End, and return when the thread has ended: a fork finds one thread less."""
        if self._thread.is_running:
            self._wish_to_end.release()
            self._thread.wait()

    def _run(self) -> None:
        while not self._wish_to_end.acquire(timeout=POLL_SECONDS):
            self._flush_if_due()
