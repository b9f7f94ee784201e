"""A prepared trace, a session over it, and the application on that session."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, cast

import pytest
from textual.pilot import Pilot

from gradstep.testing import screen_text
from gradstep.tui.app import GradstepApp
from gradstep.tui.frame import Frame
from tests.pilot_waits import pilot_waits
from tests.tui.fake_session import FakeSession
from tests.tui.recording import record_two_scalars

__all__ = ["pilot_waits"]

PATIENCE: Final = 20.0
"""Seconds; machines are shared."""

Opened = tuple[GradstepApp, Pilot[int], FakeSession]
Open = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture
def trace_path(tmp_path: Path) -> Path:
    return record_two_scalars(tmp_path / "two_scalars.gradstep")


@pytest.fixture
def open_app(trace_path: Path) -> Open:
    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (120, 40), *, live: bool = True
    ) -> AsyncIterator[Opened]:
        session = FakeSession(trace_path, live=live)

        async def opener() -> FakeSession:
            return session

        app = GradstepApp(opener, script="two_scalars.py")
        try:
            async with app.run_test(size=size) as pilot:
                await app.reached(lambda frame: frame.moment is not None)
                yield app, pilot, session
        finally:
            session.trace.close()

    return opened


async def press(app: GradstepApp, pilot: Pilot[int], *keys: str) -> None:
    """Press motion keys, each when the one before has arrived on the screen."""
    for key in keys:
        before = app.moves
        await pilot.press(key)
        await app.reached(partial(_moved_since, before))


async def until(pilot: Pilot[int], holds: Callable[[], object]) -> None:
    """Wait for something that no new frame tells of; the error shows the screen."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(screen_text(cast(GradstepApp, pilot.app)))
        await pilot.pause(0.01)


def _moved_since(before: int, frame: Frame) -> bool:
    return frame.moves > before
