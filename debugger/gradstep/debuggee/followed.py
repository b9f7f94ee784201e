"""The thread whose lines a motion follows: where the script last paused."""

from __future__ import annotations

import sys
import threading


class FollowedThread:
    """Begins as the main thread."""

    def __init__(self) -> None:
        """Follow the main thread."""
        self._thread = threading.main_thread().ident

    def take(self) -> None:
        """Follow the calling thread."""
        self._thread = threading.get_ident()

    def is_here(self) -> bool:
        """Tell whether the calling thread is it; it takes over from one that is over."""
        here = threading.get_ident()
        if here != self._thread and self._thread not in sys._current_frames():
            self._thread = here
        return here == self._thread
