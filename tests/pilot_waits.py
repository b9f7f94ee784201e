"""How long Pilot waits after a key: until the event loop has nothing left to do.

Textual's own Pilot sleeps 20 ms twice for every key, and again until the process has used no CPU
for as long, which on a busy machine takes up to a second.
"""

from __future__ import annotations

import asyncio
from asyncio.base_events import BaseEventLoop
from typing import Final

import pytest

FRAME: Final = 1 / 60
"""Seconds within which Textual paints what has changed."""


async def nothing_left_to_do(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until no task can run and nothing is about to be painted, `max_sleep` seconds at most.

    Files, other processes and timers that fire later are not waited for: tests wait for the facts
    that come of them.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, BaseEventLoop)
    deadline = loop.time() + max_sleep
    await asyncio.sleep(min_sleep)
    while loop.time() < deadline:
        # What a loop is about to run, and when it will run more, stands nowhere in public.
        if loop._ready:  # type: ignore[attr-defined]
            await asyncio.sleep(0)
            continue
        timers = [timer.when() for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
        if min(timers, default=deadline) > loop.time() + FRAME:
            return
        await asyncio.sleep(max(min(timers) - loop.time(), 0))


@pytest.fixture(autouse=True)
def pilot_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Pilot wait for what is there to be done instead of for time."""
    for user in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{user}.wait_for_idle", nothing_left_to_do)
