"""The line to the session: a thread that receives, and sending from wherever something happens.

When the session goes away, so does the script: a debuggee never outlives its debugger.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import threading
from collections.abc import Callable
from typing import Final

from gradstep.debuggee.own_thread import OwnThread
from gradstep.protocol import wire
from gradstep.protocol.wire import Message

_IDLE_SECONDS: Final = 0.1

OnMessage = Callable[[Message], None]
OnIdle = Callable[[], None]


class Control:
    """A connection to the session."""

    def __init__(self, port: int, token: str, generation: int, run: int) -> None:
        """Connect and say hello.

        Raises:
            OSError: nobody listens.
        """
        self._generation = generation
        self._sending = threading.Lock()
        self._thread: OwnThread | None = None
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._socket.settimeout(None)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.send({"type": "hello", "token": token, "pid": os.getpid(), "run": run})

    def listen(
        self, on_message: OnMessage, on_idle: Callable[[], None], on_gone: Callable[[], None]
    ) -> None:
        """Receive in a thread of its own until the session goes; then `on_gone` is called."""
        self._waker, self._wakes = socket.socketpair()
        self._thread = OwnThread(lambda: self._receive(on_message, on_idle, on_gone))
        self._thread.start()

    def rest(self) -> None:
        """Receive nothing for now, and have no thread: what is sent waits."""
        if self._thread is not None and self._thread.is_running:
            self._wakes.send(b".")
            self._thread.wait()

    def listen_again(self) -> None:
        """Receive again after a rest."""
        if self._thread is not None:
            self._thread.start()

    def send(self, message: Message) -> None:
        """Send a message; a session that is gone is noticed by the receiving thread."""
        data = wire.encode({"generation": self._generation, **message})
        try:
            with self._sending:
                self._socket.sendall(data)
        except OSError:
            return

    def reply(self, request: Message, result: object = None, error: str = "") -> None:
        """Answer a request."""
        answer: Message = {"type": "reply", "id": request.get("id"), "ok": not error}
        answer.update({"error": error} if error else {"result": result})
        self.send(answer)

    def abandon(self) -> None:
        """Let go of the connection in a forked child, without a word to the session."""
        os.close(self._socket.detach())
        if self._thread is not None:
            self._waker.close()
            self._wakes.close()

    def _receive(
        self, on_message: OnMessage, on_idle: Callable[[], None], on_gone: Callable[[], None]
    ) -> None:
        connection = self._socket
        try:
            while True:
                ready, _, _ = select.select([connection, self._waker], [], [], _IDLE_SECONDS)
                if self._waker in ready:
                    self._waker.recv(1)
                    return
                if not ready:
                    on_idle()
                    continue
                message = wire.receive(connection)
                if message is None:
                    break
                if message.get("generation", self._generation) == self._generation:
                    on_message(message)
        except (OSError, ValueError):
            # A broken connection or one that speaks something else is a session that is gone.
            pass
        on_gone()


def end_process_group() -> None:
    """End this process and all that it started, at once."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
