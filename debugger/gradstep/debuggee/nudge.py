"""Calls something on the main thread soon, also while it is in a loop that tells us nothing.

By a signal, which wakes a sleeping script too; where the script has a handler of its own for that
signal, or there is no such signal, between two bytecodes.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

OnArrival = Callable[[FrameType | None], None]


class Nudge:
    """Reaches the main thread; `on_arrival` gets the frame that it was in."""

    def __init__(self, on_arrival: OnArrival) -> None:
        """Make it on any thread; `install` must be called on the main thread."""
        self._on_arrival = on_arrival
        self._main = threading.main_thread().ident
        self._between: Any = None
        self._is_pending = False

    def install(self) -> None:
        """Take the signal."""
        if hasattr(signal, "SIGURG"):
            signal.signal(signal.SIGURG, self._on_signal)

    def remove(self) -> None:
        """Give the signal back, if it is still ours."""
        if self._has_signal():
            signal.signal(signal.SIGURG, signal.SIG_DFL)

    def send(self) -> None:
        """Have `on_arrival` called on the main thread as soon as that runs Python."""
        if self._has_signal() and self._main is not None:
            signal.pthread_kill(self._main, signal.SIGURG)
        elif not self._is_pending:
            self._is_pending = True
            self._add_pending_call()

    def _has_signal(self) -> bool:
        return hasattr(signal, "SIGURG") and signal.getsignal(signal.SIGURG) == self._on_signal

    def _add_pending_call(self) -> None:
        import ctypes

        if self._between is None:
            # Kept: the interpreter holds only a plain pointer to it.
            self._between = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(self._arrive)
        ctypes.pythonapi.Py_AddPendingCall(self._between, None)

    def _arrive(self, _: object) -> int:
        self._is_pending = False
        self._on_arrival(sys._getframe(1))
        return 0

    def _on_signal(self, _: int, frame: FrameType | None) -> None:
        self._on_arrival(frame)
