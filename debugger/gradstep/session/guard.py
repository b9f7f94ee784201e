"""Ends a script's processes when gradstep itself is killed and can no longer do so.

The script notices by itself that its debugger is gone, but not while it is inside C code that holds
the interpreter. So a shell waits beside it, for the end of a pipe that only gradstep holds.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

_SHELL: Final = "/bin/sh"
_WATCH: Final = (
    'read -r _; kill -KILL "-$1" 2>/dev/null; if [ -n "$2" ]; then rm -rf -- "$2"; fi; exit 0'
)


class Guard:
    """Watches over one process group for as long as gradstep lives."""

    def __init__(self, group: int, litter: Path | None = None) -> None:
        """Kill `group` and remove the directory `litter` as soon as this process is gone."""
        self._shell: subprocess.Popen[bytes] | None = None
        if os.path.exists(_SHELL):
            self._shell = subprocess.Popen(
                [_SHELL, "-c", _WATCH, "gradstep-guard", str(group), str(litter or "")],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
            )

    def dismiss(self) -> None:
        """End the watch without doing anything; twice is fine."""
        shell, self._shell = self._shell, None
        if shell is not None:
            shell.kill()
            shell.wait()
            assert shell.stdin is not None
            shell.stdin.close()
