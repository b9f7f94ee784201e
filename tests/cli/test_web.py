"""The screen in a browser: who is let in, and that nothing stays behind when nobody looks."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gradstep.cli.arguments import UsageError
from gradstep.cli.web import serve

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")

served = pytest.mark.skipif(
    importlib.util.find_spec("textual_serve") is None,
    reason="the extra gradstep[web] is not installed",
)


def test_without_the_extra_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textual_serve", None)
    monkeypatch.setitem(sys.modules, "textual_serve.server", None)
    with pytest.raises(UsageError, match=r"pip install 'gradstep\[web\]'"):
        serve(["x.py"])


@dataclass
class Served:
    """A running `gradstep --web`; `address` has the token, `place` has not."""

    process: subprocess.Popen[str]
    address: str

    @property
    def place(self) -> str:
        return self.address.partition("/?")[0]


@pytest.fixture
def server(tmp_path: Path, python: str, child_environment: dict[str, str]) -> Iterator[Served]:
    (tmp_path / "loop.py").write_text("import time\nwhile True:\n    time.sleep(0.05)\n")
    process = subprocess.Popen(
        [python, "-m", "gradstep", "--web", "loop.py"],
        cwd=tmp_path,
        env={
            **child_environment,
            "XDG_STATE_HOME": str(tmp_path),
            "XDG_CONFIG_HOME": str(tmp_path),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said)
        assert found, said
        assert "runs code as you" in process.stdout.readline()
        yield Served(process, found[0])
    finally:
        process.kill()
        process.communicate()


@asynccontextmanager
async def page(server: Served) -> AsyncIterator[Any]:
    """A browser's page, as far as its socket goes."""
    import aiohttp

    jar = aiohttp.CookieJar(unsafe=True)  # of an address without a name
    async with aiohttp.ClientSession(cookie_jar=jar) as client:
        async with client.get(server.address) as answer:
            assert answer.status == 200
            assert "/ws" in await answer.text()
        socket = await client.ws_connect(
            f"{server.place}/ws?width=100&height=30", headers={"Origin": server.place}
        )
        yield socket
        await socket.close()


async def shown(socket: Any, wanted: bytes) -> None:
    """Wait until the page has been sent a text."""
    seen = b""
    async with asyncio.timeout(60):
        while wanted not in seen:
            message = await socket.receive()
            assert isinstance(message.data, bytes), message
            seen = seen[-200:] + message.data


async def quiet(socket: Any) -> None:
    """Wait until the note in the footer has gone and nothing more is painted."""
    with contextlib.suppress(TimeoutError):
        while True:
            await socket.receive(timeout=5)


async def gone(pids: set[int]) -> None:
    async with asyncio.timeout(30):
        while pids & processes().keys():
            await asyncio.sleep(0.05)


def processes() -> dict[int, int]:
    """Every process that lives, with its parent."""
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = place.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(place.parent.name)] = int(parent)
    return found


def below(pid: int) -> set[int]:
    """All that a process started, and what these started."""
    found, parents = {pid}, processes()
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


@served
@pytest.mark.parametrize("ends", ["page", "server"])
async def test_a_session_ends_with_its_page_and_with_the_server(server: Served, ends: str) -> None:
    """A screen that has nothing to write meets no closed pipe: it must notice by itself."""
    async with page(server) as socket:
        await shown(socket, b"stopped before the first line")
        started = below(server.process.pid)
        assert len(started) >= 2
        if ends == "server":
            await quiet(socket)
            server.process.kill()
            await gone(started)
    await gone(started)
    if ends == "page":
        server.process.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(server.process.wait, 30) == 0


@served
async def test_only_who_has_the_token_is_let_in(server: Served) -> None:
    import aiohttp

    place = server.place
    cookie = {"gradstep-" + place.rpartition(":")[2]: server.address.partition("token=")[2]}
    refused: list[tuple[str, dict[str, str], dict[str, str]]] = [
        ("/", {}, {}),
        ("/?token=wrong", {}, {}),
        ("/ws", {}, {}),
        ("/ws", cookie, {"Origin": "http://elsewhere.example"}),
        ("/", cookie, {"Host": "elsewhere.example"}),
    ]
    for path, cookies, headers in refused:
        async with (
            aiohttp.ClientSession(cookies=cookies) as client,
            client.get(place + path, headers=headers) as answer,
        ):
            assert answer.status == 403, (path, headers)
    async with (
        aiohttp.ClientSession(cookies=cookie) as client,
        client.get(place) as answer,
    ):
        assert answer.status == 200
    assert not below(server.process.pid)


@served
def test_a_port_that_is_taken_is_one_line(
    server: Served, python: str, child_environment: dict[str, str]
) -> None:
    port = server.place.rpartition(":")[2]
    done = subprocess.run(
        [python, "-m", "gradstep", "--web", "--port", port, "demo", "two_scalars"],
        env=child_environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr == f"gradstep: --port {port}: Address already in use\n"
