"""Real debuggee processes for tests: recorded without a session, or driven by a small one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradstep
from gradstep.protocol import wire
from gradstep.protocol.launch import LaunchConfig
from gradstep.trace.reader import RunTrace, Trace
from tests.debuggee import toy

INJECT = Path(gradstep.__file__).parent / "debuggee" / "inject"
PATIENCE = 15.0

OPENED: list[Trace] = []
"""Traces that the running test has opened."""


@dataclass
class Recorded:
    """A script that ran to its end, and what was recorded of it."""

    status: int
    stdout: str
    stderr: str
    run: RunTrace


def environment(config: LaunchConfig, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return {
        **own,
        "PYTHONPATH": str(INJECT),
        "GRADSTEP_DEBUGGEE": config.dump(),
        **(extra or {}),
    }


def write_script(folder: Path, text: str, name: str = "train.py") -> Path:
    toy.write(folder)
    script = folder / name
    script.write_text(text)
    return script


def record(
    folder: Path,
    text: str,
    *arguments: str,
    detail: str = "",
    options: Sequence[str] = (),
    extra: Mapping[str, str] | None = None,
    steps: int = 0,
) -> Recorded:
    """Run a script to its end as `gradstep record` does."""
    script = write_script(folder, text)
    trace = folder / "run.gradstep"
    config = LaunchConfig(os.getpid(), str(script), str(trace), detail=detail, steps=steps)
    done = subprocess.run(
        [sys.executable, *options, str(script), *arguments],
        env=environment(config, extra),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        cwd=folder,
    )
    return Recorded(done.returncode, done.stdout, done.stderr, opened(trace))


def opened(path: Path) -> RunTrace:
    """Open a trace for as long as the test runs."""
    trace = Trace.open(path)
    OPENED.append(trace)
    return trace.run()


class Child:
    """A live debuggee and the session that it talks to."""

    def __init__(self, folder: Path) -> None:
        self.trace = folder / "run.gradstep"
        self.folder = folder
        self._numbers = 0
        self._notices: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._connected: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.writer: asyncio.StreamWriter | None = None
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, text: str, **options: Any) -> None:
        script = write_script(self.folder, text)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        config = LaunchConfig(
            os.getpid(),
            str(script),
            str(self.trace),
            port=self._server.sockets[0].getsockname()[1],
            token="secret",
            **{"pause_at_entry": True, **options},
        )
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(script),
            env=environment(config),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd=self.folder,
        )
        await asyncio.wait_for(self._connected, PATIENCE)

    async def notice(self, kind: str) -> dict[str, Any]:
        """The next notification of a kind."""
        while True:
            message = await asyncio.wait_for(self._notices.get(), PATIENCE)
            if message["type"] == kind:
                return message

    async def stopped(self) -> dict[str, Any]:
        return await self.notice("stopped")

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send a request and return its reply."""
        return await asyncio.wait_for(self.request(kind, **fields), PATIENCE)

    def request(self, kind: str, **fields: Any) -> asyncio.Future[dict[str, Any]]:
        """Send a request; its reply is awaited by whoever wants it."""
        assert self.writer is not None
        self._numbers += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._numbers] = answer
        message = {"type": kind, "id": self._numbers, "generation": 1, **fields}
        self.writer.write(wire.encode(message))
        return answer

    async def go(self, motion: str, **fields: Any) -> dict[str, Any]:
        """Resume and return where it stops."""
        assert (await self.ask("resume", motion=motion, **fields))["ok"]
        return await self.stopped()

    async def value(self, text: str) -> str:
        reply = await self.ask("evaluate", text=text)
        return reply["result"]["text"] if reply["ok"] else reply["error"]

    async def end(self) -> int:
        assert self.process is not None
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    def run(self) -> RunTrace:
        return opened(self.trace)

    async def close(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self.process.communicate()
        if self.writer is not None:
            self.writer.close()
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        decoder = wire.Decoder()
        while data := await _read(reader):
            for message in decoder.feed(data):
                if message["type"] == "hello":
                    assert message["token"] == "secret"
                    self._connected.set_result(None)
                elif message["type"] == "reply":
                    self._answers.pop(message["id"]).set_result(message)
                else:
                    self._notices.put_nowait(message)


async def _read(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(65536)
    except ConnectionResetError:
        return b""  # A killed child hangs up in this way.
