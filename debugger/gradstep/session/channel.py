"""The control channel: a loopback server that one debuggee with the right token may use.

Every message carries the generation of the run it is about; what a run says after it was replaced
is dropped here.
"""

from __future__ import annotations

import asyncio
import hmac
import itertools
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from gradstep.protocol import wire
from gradstep.session.model import SessionError

Message = Mapping[str, Any]


class ControlChannel:
    """Talks to the debuggee of one generation at a time.

    `on_message` gets every notification. `connected` resolves with the debuggee's hello.
    """

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        """Make a channel; `open` starts to listen."""
        self._on_message = on_message
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count(1)
        self.port = 0
        self.token = ""
        self.generation = 0
        self.connected: asyncio.Future[Message] | None = None
        self._released = asyncio.Event()

    async def open(self) -> None:
        """Listen on a free port of the loopback interface."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def expect(self) -> None:
        """Begin a new generation: only a debuggee that knows the new token is heard."""
        self.disconnect()
        self.generation += 1
        self.token = secrets.token_hex(16)
        self.connected = asyncio.get_running_loop().create_future()
        self._released = asyncio.Event()

    def release(self) -> None:
        """Hand on what the debuggee says from now on: whoever listens knows its run."""
        self._released.set()

    def request(self, kind: str, **fields: Any) -> asyncio.Future[Any]:
        """Ask the debuggee; the future gets its result, or a SessionError if it says no.

        Requests leave in the order in which they are made, whether or not they are awaited.

        Raises:
            SessionError: there is no debuggee to ask.
        """
        writer = self._writer
        if writer is None:
            raise SessionError("the script is not running")
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        answer.add_done_callback(lambda _: self._waiting.pop(number, None))
        message = {"type": kind, "id": number, "generation": self.generation, **fields}
        writer.write(wire.encode(message))
        return answer

    def disconnect(self) -> None:
        """Hang up; whoever waits for an answer is told that the script is gone."""
        self._released.set()
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        for answer in list(self._waiting.values()):
            if not answer.done():
                answer.set_exception(SessionError("the script ended before it answered"))

    async def close(self) -> None:
        """Hang up and stop listening."""
        self.disconnect()
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            hello = await _receive(reader)
            if hello is None or not self._accepts(hello):
                return
            self._writer = writer
            generation = self.generation
            assert self.connected is not None
            self.connected.set_result(hello)
            await self._released.wait()
            while (message := await _receive(reader)) is not None:
                if message.get("generation") == generation == self.generation:
                    self._handle(message)
        except (OSError, ValueError):
            pass  # A broken stream is the end of it; the process watcher says what happened.
        except asyncio.CancelledError:
            pass  # The loop ends; asyncio would report a cancelled connection as an error.
        finally:
            if self._writer is writer:
                self.disconnect()
            writer.close()

    def _accepts(self, hello: Message) -> bool:
        if self.connected is None or self.connected.done() or hello.get("type") != "hello":
            return False
        return hmac.compare_digest(str(hello.get("token", "")).encode(), self.token.encode())

    def _handle(self, message: Message) -> None:
        if message.get("type") != "reply":
            self._on_message(message)
            return
        answer = self._waiting.get(message.get("id", 0))
        if answer is None or answer.done():
            return
        if message.get("ok"):
            answer.set_result(message.get("result"))
        else:
            answer.set_exception(SessionError(str(message.get("error") or "it did not work")))


async def _receive(reader: asyncio.StreamReader) -> Message | None:
    """Return the next message, None when the other side has hung up."""
    try:
        length = wire.decode_length(await reader.readexactly(wire.HEADER.size))
        return wire.decode_body(await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        return None
