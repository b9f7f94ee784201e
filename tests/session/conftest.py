"""Scripts for live sessions, and sessions that are ended whatever happens."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import pytest_asyncio

from gradstep.session import LaunchOptions, Session

PATIENCE = 20.0
"""Seconds after which a fact that did not come fails the test."""

Launch = Callable[..., Awaitable[Session]]

LOOP = """
    from gradstep_engine import events

    def phase(name):
        events.listener(events.PhaseEntered(name, f"SGD.{name}"))
        events.listener(events.PhaseExited(name, f"SGD.{name}"))

    for index in range(3):
        phase("zero_grad")
        phase("backward")
        phase("step")
    print("done")
"""
"""Three iterations of phases without a tensor: rows 2 to 19, a print, the end."""


def text_of(session: Session) -> str:
    """All that the script printed and is still kept."""
    return "".join(piece.text for piece in session.output)


def is_alive(pid: int) -> bool:
    """Whether a process still runs; one that only waits for its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    if not os.path.isdir("/proc"):
        pytest.skip("sees in /proc whether a process is over: no /proc here")
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return state.rpartition(")")[2].split()[0] not in "ZX"


async def until(session: Session, *states: str) -> None:
    """Wait until the session is in one of these states."""
    await asyncio.wait_for(session.wait_for(lambda: session.state in states), PATIENCE)


async def go(session: Session, motion: str, **more: Any) -> tuple[str, int]:
    """Move, and return why and at which event it stopped."""
    stop = await asyncio.wait_for(session.motion(motion, **more), PATIENCE)
    return stop.reason, stop.seq


@pytest_asyncio.fixture
async def launch(tmp_path: Path) -> AsyncIterator[Launch]:
    """A function that launches a script's text and waits for its entry stop."""
    sessions: list[Session] = []

    async def start(text: str, *, wait: bool = True, **options: Any) -> Session:
        script = tmp_path / "script.py"
        script.write_text(dedent(text).lstrip())
        session = await asyncio.wait_for(
            Session.launch(LaunchOptions(str(script), **options)), PATIENCE
        )
        sessions.append(session)
        if wait:
            await until(session, "paused")
        return session

    yield start
    for session in sessions:
        await session.quit()
