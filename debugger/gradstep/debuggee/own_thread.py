"""A thread of ours in the user's process: the script does not count it, and a fork finds it gone.

Python 3.12 warns of a fork beside a second thread, and the script may have none. (From 3.13 on it
looks after all that is called at the end of a fork, and finds ours begun again.)
"""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Callable
from typing import Final

_LOOKS: Final = 10_000
"""How often to look whether the system has let go of a thread that is over."""


class OwnThread:
    """Runs something until it returns, none of `threading`'s; `start` and `wait` as often as liked.

    Whoever waits has told what runs to return.
    """

    def __init__(self, run: Callable[[], None]) -> None:
        """Run nothing yet."""
        self._run = run
        self._running = _thread.allocate_lock()
        self._number = 0

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not returned."""
        return self._running.locked()

    def start(self) -> None:
        """Begin, if it does not run."""
        if not self.is_running:
            self._running.acquire()
            _thread.start_new_thread(self._begin, ())

    def wait(self) -> None:
        """Return when it has returned."""
        with self._running:
            pass
        # The thread itself has said so: on Linux Python counts it until the system has ended it.
        for _ in range(_LOOKS):
            if not os.path.exists(f"/proc/self/task/{self._number}"):
                break
            time.sleep(0)

    def _begin(self) -> None:
        self._number = _thread.get_native_id()
        try:
            self._run()
        finally:
            self._running.release()
