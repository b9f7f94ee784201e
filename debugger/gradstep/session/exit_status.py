"""How a process ended, in words."""

from __future__ import annotations

import signal


def describe_end(status: int) -> str:
    """Say how a process ended: `killed by SIGKILL`, `exit status 3`, `finished`."""
    if status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"exit status {status}" if status else "finished"
