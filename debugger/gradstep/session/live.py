"""A live run: the process, the channel to it and the file it records into, over restarts."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Final

from gradstep.protocol.breakpoints import Entry, to_wire
from gradstep.protocol.launch import LaunchConfig
from gradstep.session.channel import ControlChannel, Message
from gradstep.session.command import check_options, child_environment, command_line
from gradstep.session.exit_status import describe_end
from gradstep.session.interpreter import find_python
from gradstep.session.model import LaunchOptions, SessionError
from gradstep.session.process import DebuggeeProcess
from gradstep.session.terminal import TERMINAL_SIZE
from gradstep.session.trace_file import TemporaryPlace, claim
from gradstep.trace.writer import mark_finished

HELLO_PATIENCE: Final = 30.0
"""Seconds for a Python to start up and reach us."""

QUIT_PATIENCE: Final = 1.0
"""Seconds for a debuggee to write its last rows before it is killed."""


class LiveRun:
    """Starts, asks and ends the debuggee. `on_end(status)` tells that a process ended by itself."""

    def __init__(
        self,
        options: LaunchOptions,
        on_message: Callable[[Message], None],
        on_text: Callable[[str], None],
        on_end: Callable[[int], None],
    ) -> None:
        """Check the options and claim the trace file; nothing is started yet.

        Raises:
            SessionError: the options cannot work.
        """
        check_options(options)
        self._options = options
        self._command = command_line(find_python(options.python), options)
        self._temporary = None if options.record_path else TemporaryPlace()
        if options.record_path:
            self.path = claim(options.record_path)
        elif self._temporary:
            self.path = self._temporary.trace
        self._channel = ControlChannel(on_message)
        self._on_text = on_text
        self._on_end = on_end
        self._process: DebuggeeProcess | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._size = TERMINAL_SIZE

    async def start(self, breakpoints: Iterable[Entry]) -> int:
        """Start a fresh process and return the number of its run once it has called in.

        Raises:
            SessionError: it could not be started, or ended or hung before it called in.
        """
        channel = self._channel
        if not channel.port:
            await channel.open()
        channel.expect()
        options = self._options
        config = LaunchConfig(
            launcher_pid=os.getpid(),
            target=options.script,
            is_module=options.module,
            trace=str(self.path),
            port=channel.port,
            token=channel.token,
            generation=channel.generation,
            engine=options.engine,
            detail=options.detail,
            pause_at_entry=not options.run,
            steps=options.steps,
            breakpoints=to_wire(breakpoints),
        )
        printed: list[str] = []

        def on_text(text: str) -> None:
            printed.append(text)
            self._on_text(text)

        self._process = process = await DebuggeeProcess.start(
            self._command,
            child_environment(config),
            on_text,
            size=self._size,
            litter=self.path.parent if self._temporary else None,
        )
        try:
            hello = await self._hello(process, printed)
        except BaseException:
            self._process = None
            await process.end()
            raise
        process.terminal.on_text = self._on_text
        self._watcher = asyncio.create_task(self._watch(process))
        return int(hello["run"])

    def release(self) -> None:
        """Hand on the messages of the run that `start` returned."""
        self._channel.release()

    def request(self, kind: str, **fields: Any) -> asyncio.Future[Any]:
        """Ask the debuggee: see `ControlChannel.request`."""
        return self._channel.request(kind, **fields)

    def set_breakpoints(self, breakpoints: Iterable[Entry]) -> asyncio.Future[Any]:
        """Give the debuggee these breakpoints in place of what it has."""
        return self.request("set_breakpoints", breakpoints=to_wire(breakpoints))

    def send_input(self, text: str) -> None:
        """Write to the script's stdin.

        Raises:
            SessionError: it is gone.
        """
        if self._process is None or self._process.has_ended:
            raise SessionError("the script is not running")
        self._process.terminal.write(text)

    def resize(self, columns: int, rows: int) -> None:
        """Tell the script how large its terminal is, this one and those of later restarts."""
        self._size = columns, rows
        if self._process is not None:
            self._process.terminal.resize(columns, rows)

    def hindrance(self) -> str:
        """Say what a script is at that runs and answers nothing."""
        process = self._process
        if process is not None and process.is_stopped():
            return f"stopped by a signal: kill -CONT {process.pid} lets it go on"
        return "inside C code"

    async def end(self) -> None:
        """End the process and all that it started, asking first where its trace is to be kept."""
        process, self._process = self._process, None
        if process is None:
            return
        if self._watcher is not None:
            self._watcher.cancel()
        patience = 0.0
        if self._temporary is None and not process.has_ended:
            with contextlib.suppress(SessionError):
                self.request("quit").add_done_callback(_forget)
                patience = QUIT_PATIENCE
        await process.end(patience)
        self._channel.disconnect()

    async def close(self) -> None:
        """End everything and remove what is temporary."""
        await self.end()
        await self._channel.close()
        if self._temporary is not None:
            self._temporary.remove()

    def kill_now(self) -> None:
        """End the process without waiting: for signal handlers and atexit."""
        if self._process is not None:
            self._process.kill()
        if self._temporary is not None:
            self._temporary.remove()

    def seal(self, run: int, status: int | None) -> None:
        """Note the end of a run that left no word itself, and fold the log into the file."""
        if self._temporary is not None and not self.path.exists():
            return
        error = None
        if status is None or status < 0:
            how = "ended by gradstep" if status is None else describe_end(status)
            error = {"type": "killed", "message": how, "traceback": ""}
        # The trace stays readable without this mark, so a full disk is no reason to fail here.
        with contextlib.suppress(sqlite3.Error):
            mark_finished(self.path, run, status, error)

    async def _hello(self, process: DebuggeeProcess, printed: list[str]) -> Message:
        connected = self._channel.connected
        assert connected is not None
        either: set[asyncio.Future[Any]] = {connected, process.ended}
        await asyncio.wait(
            either,
            timeout=HELLO_PATIENCE,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if connected.done():
            return connected.result()
        if not process.has_ended:
            raise SessionError(
                f"{self._command[0]} did not reach gradstep within {HELLO_PATIENCE:.0f} seconds"
            )
        process.terminal.drain()
        lines = [line.strip() for line in "".join(printed).splitlines() if line.strip()]
        raise SessionError(
            f"{self._command[0]} ended before it reached gradstep"
            f" ({describe_end(process.ended.result())})" + (f": {lines[-1]}" if lines else "")
        )

    async def _watch(self, process: DebuggeeProcess) -> None:
        status = await asyncio.shield(process.ended)
        process.terminal.drain()
        self._on_end(status)


def _forget(answer: asyncio.Future[Any]) -> None:
    """A debuggee that is told to end need not answer."""
    if not answer.cancelled():
        answer.exception()
