"""`--web`: the screen in a browser on this machine, by way of the extra gradstep[web].

The console evaluates what is typed, so whoever reaches the page runs code as this user. Hence the
server listens on the loopback address only, and only to a browser that was given the token: any
page in that browser could otherwise open a socket to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from gradstep.cli.arguments import UsageError

HOST: Final = "127.0.0.1"

DRIVER_VARIABLE: Final = "TEXTUAL_DRIVER"

WEB_DRIVER: Final = "textual.drivers.web_driver:WebDriver"
"""What textual-serve has Textual talk through."""


def is_served() -> bool:
    """Tell whether this process shows its screen to a server rather than on a terminal."""
    return os.environ.get(DRIVER_VARIABLE) == WEB_DRIVER


def serve(argv: Sequence[str], port: int = 0) -> int:
    """Serve `gradstep ARGV` until Ctrl-C; each page that is opened is a session of its own.

    The command line of a page's process is the same, `--web` included: `is_served` tells it that
    there is a server already.

    Raises:
        UsageError: the extra is not installed, or the port is taken.
    """
    try:
        from textual_serve.server import Server
    except ModuleNotFoundError:
        raise UsageError("--web needs an extra: pip install 'gradstep[web]'") from None
    port = _free_port(port)
    command = _command_line([sys.executable, "-m", "gradstep", *argv])
    server = _guarded(Server, secrets.token_urlsafe(16), command, port)
    asyncio.set_event_loop(asyncio.new_event_loop())
    # Ctrl-C while a page is being closed reaches the server as an interrupt.
    with contextlib.suppress(KeyboardInterrupt):
        server.serve()
    return 0


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise UsageError(f"--port {wanted}: {error.strerror}") from None
        return int(probe.getsockname()[1])


def _command_line(words: list[str]) -> str:
    """Return words as the shell takes them; `exec` leaves no shell between server and screen."""
    return subprocess.list2cmdline(words) if os.name == "nt" else f"exec {shlex.join(words)}"


def _guarded(base: Any, token: str, command: str, port: int) -> Any:
    """Make a server that answers only who has the token, from its own address."""
    from aiohttp import web

    address = f"http://{HOST}:{port}"
    cookie = f"gradstep-{port}"

    async def guard(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        # Another name for this address would be a foreign page that had its name point here.
        if request.host != f"{HOST}:{port}":
            raise web.HTTPForbidden(text=f"this is {address}")
        origin = request.headers.get("Origin")
        if origin is not None and origin != address:
            raise web.HTTPForbidden(text="a page from elsewhere")
        if request.path == "/" and _same(request.query.get("token", ""), token):
            answer = web.HTTPFound("/")
            answer.set_cookie(cookie, token, httponly=True, samesite="Strict")
            raise answer
        if not _same(request.cookies.get(cookie, ""), token):
            raise web.HTTPForbidden(text="open the address that gradstep printed")
        return await handler(request)

    class LoopbackServer(base):  # type: ignore[misc]
        """textual-serve's server, behind the guard and with our own words."""

        def initialize_logging(self) -> None:
            """Log nothing: the terminal shows what the user needs."""

        async def _make_app(self) -> Any:
            app = await super()._make_app()
            app.middlewares.append(web.middleware(guard))
            return app

        async def on_startup(self, app: Any) -> None:
            """Say where the page is as soon as it can be opened: the port is bound after this."""
            self._telling = asyncio.create_task(_tell(port, f"{address}/?token={token}"))

        def request_exit(self) -> None:
            """End, as Ctrl-C asks."""
            # A second Ctrl-C ends at once.
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            super().request_exit()

    return LoopbackServer(command, host=HOST, port=port, title="gradstep", public_url=address)


async def _tell(port: int, address: str) -> None:
    """Wait until the server listens, then say where, and what whoever opens it can do."""
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        break
    print(f"gradstep: open {address}")
    print(
        "gradstep: whoever opens it runs code as you: the console evaluates what is typed."
        " It listens on this machine only."
    )
    print("gradstep: each page is a session of its own; Ctrl-C ends them all", flush=True)


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())
