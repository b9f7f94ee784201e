"""Notices that the terminal is gone, even when no signal tells and the application cannot look.

A lost terminal makes Textual's writing thread end, and the application waits for that thread for
ever: no signal handler of the event loop would run. So a thread of its own waits for the hang-up.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable
from typing import Final

GRACE: Final = 2.0
"""Seconds that the application has to end by itself."""

GONE_STATUS: Final = 129
"""The exit status of a program that SIGHUP ended."""


def has_shell() -> bool:
    """Return whether a shell with job control started us, which can bring us back with `fg`.

    Its jobs have process groups of their own. Whatever else started us would wait for ever.
    """
    if not hasattr(os, "getpgrp"):
        return False
    parent = os.getppid()
    try:
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgrp()
    except OSError:
        return False


class TerminalWatch:
    """Calls `on_gone` from a thread when the terminal has gone, and then ends the process.

    A context manager: the watch ends with the block.
    """

    def __init__(self, on_gone: Callable[[], None], descriptor: int = 1) -> None:
        """Watch a descriptor that is a terminal; anything else is left alone."""
        self._on_gone = on_gone
        self._descriptor = descriptor
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True, name="terminal-watch")

    def __enter__(self) -> TerminalWatch:
        """Begin to watch, where that can be done."""
        if hasattr(select, "poll") and self._is_watched():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Watch no longer."""
        self._over.set()

    def _is_watched(self) -> bool:
        return os.isatty(self._descriptor)

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, 0)  # a hang-up is told without being asked for
        while not self._over.is_set():
            told = poll.poll(1000)
            if told and told[0][1] & select.POLLNVAL:
                return  # a terminal that cannot be watched so, as on some systems
            if told:
                break
        if self._over.is_set():
            return
        self._on_gone()
        if not self._over.wait(GRACE):
            os._exit(GONE_STATUS)


class ServerWatch(TerminalWatch):
    """Does the same for a screen that is served to a browser: its stdin leads to the server.

    A server that was killed says no word; what tells is that the other end of stdin is closed.
    """

    def __init__(self, on_gone: Callable[[], None]) -> None:
        """Watch stdin where Textual talks to a server, else nothing."""
        super().__init__(on_gone, 0)

    def _is_watched(self) -> bool:
        return os.environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver")
