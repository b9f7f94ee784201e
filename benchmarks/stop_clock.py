"""gradstep, and a note of when each stop of the script was heard of: a part of screen.py.

    STOP_CLOCK=file python benchmarks/stop_clock.py script.py

Every message `stopped` leaves a line with `time.perf_counter()`, on Linux one clock for all
processes. What lies before it is the script's work, what follows is the screen's.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from gradstep.cli import main
from gradstep.session import channel


def listen(file: Path) -> None:
    """Write down when the messages arrive."""
    handle = channel.ControlChannel._handle

    def noting(self: channel.ControlChannel, message: channel.Message) -> None:
        if message.get("type") == "stopped":
            with file.open("a", encoding="ascii") as stream:
                print(time.perf_counter(), file=stream)
        handle(self, message)

    channel.ControlChannel._handle = noting  # type: ignore[method-assign]


if __name__ == "__main__":
    listen(Path(os.environ["STOP_CLOCK"]))
    sys.argv[0] = "gradstep"
    sys.exit(main())
