"""One debuggee process: started in its own process group, watched, and ended for certain."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from gradstep.session.guard import Guard
from gradstep.session.model import SessionError
from gradstep.session.terminal import TERMINAL_SIZE, ScriptTerminal


class DebuggeeProcess:
    """A running debuggee. `ended` resolves to its return code, negative for a signal."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        terminal: ScriptTerminal,
        litter: Path | None = None,
    ) -> None:
        """Watch a process that was just started; `litter` goes with it if gradstep is killed."""
        self.pid = process.pid
        self.terminal = terminal
        self._process = process
        self._guard = Guard(process.pid, litter)
        self.ended: asyncio.Task[int] = asyncio.ensure_future(process.wait())

    @classmethod
    async def start(
        cls,
        command: Sequence[str],
        environment: Mapping[str, str],
        on_text: Callable[[str], None],
        *,
        size: tuple[int, int] = TERMINAL_SIZE,
        litter: Path | None = None,
    ) -> DebuggeeProcess:
        """Start a command on a terminal of its own, of so many columns and rows.

        Raises:
            SessionError: it cannot be started.
        """
        terminal = ScriptTerminal(on_text)
        terminal.resize(*size)
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=dict(environment),
                stdin=terminal.child_input,
                stdout=terminal.child_output,
                stderr=terminal.child_output,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            terminal.close()
            reason = getattr(error, "strerror", None) or error
            raise SessionError(f"{command[0]} cannot be started: {reason}") from None
        finally:
            terminal.close_child_side()
        return cls(process, terminal, litter)

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone and its status is known."""
        return self.ended.done()

    def is_stopped(self) -> bool:
        """Tell whether a signal (SIGSTOP, a debugger's) holds the process."""
        if self.has_ended or not hasattr(os, "waitid"):
            return False
        asked = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
        try:
            return os.waitid(os.P_PID, self.pid, asked) is not None
        except ChildProcessError:
            return False  # It has just ended.

    def kill(self) -> None:
        """Send SIGKILL to the process and everything it started; no waiting, never an error."""
        # The group outlives its leader where the script left a child behind.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def end(self, patience: float = 0.0) -> int:
        """Wait `patience` seconds for the process to end by itself, then make it. Return status."""
        if patience and not self.has_ended:
            await asyncio.wait({self.ended}, timeout=patience)
        self.kill()
        self._guard.dismiss()
        status = await asyncio.shield(self.ended)
        self.terminal.drain()
        self.terminal.close()
        return status
