"""Every command of the table, by its key and in every state: nothing crashes, Escape leads back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from gradstep.tui.actions import COMMANDS
from gradstep.tui.app import GradstepApp
from tests.tui.conftest import Open, press
from tests.tui.fake_session import FakeSession

AT_LAST = ("run.restart", "app.quit")
"""What takes the state away that the others are pressed in; quitting is tested elsewhere."""

KEYS = [command.keys[0] for command in COMMANDS if command.id not in AT_LAST] + ["R"]

State = Callable[[Open], AbstractAsyncContextManager[tuple[GradstepApp, Pilot[int]]]]


@asynccontextmanager
async def before_start(_: Open) -> AsyncIterator[tuple[GradstepApp, Pilot[int]]]:
    """There is no session yet, and none comes."""

    async def opener() -> FakeSession:
        await asyncio.Event().wait()
        raise AssertionError

    app = GradstepApp(opener, script="two_scalars.py")
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        yield app, pilot


@asynccontextmanager
async def recorded(open_app: Open) -> AsyncIterator[tuple[GradstepApp, Pilot[int]]]:
    """A trace, in the middle."""
    async with open_app((80, 24), live=False) as (app, pilot, session):
        await session.seek(session.last // 2)
        yield app, pilot


@asynccontextmanager
async def paused(open_app: Open) -> AsyncIterator[tuple[GradstepApp, Pilot[int]]]:
    """A script that waits at a phase's end."""
    async with open_app((80, 24)) as (app, pilot, _):
        await press(app, pilot, "p", "p")
        yield app, pilot


@asynccontextmanager
async def past(open_app: Open) -> AsyncIterator[tuple[GradstepApp, Pilot[int]]]:
    """A script that waits, looked at in its past."""
    async with open_app((80, 24)) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p", "S", "S")
        yield app, pilot


@asynccontextmanager
async def exited(open_app: Open) -> AsyncIterator[tuple[GradstepApp, Pilot[int]]]:
    """A script that has ended."""
    async with open_app((80, 24)) as (app, pilot, _):
        await press(app, pilot, "c")
        await app.reached(lambda frame: frame.state == "exited")
        yield app, pilot


@asynccontextmanager
async def running(open_app: Open) -> AsyncIterator[tuple[GradstepApp, Pilot[int]]]:
    """A script that runs on until it is paused."""
    async with open_app((80, 24)) as (app, pilot, session):
        await press(app, pilot, "p")
        session.hold = asyncio.Event()
        await pilot.press("c")
        await app.reached(lambda frame: frame.state == "running")
        yield app, pilot
        session.hold.set()


STATES: tuple[State, ...] = (before_start, recorded, paused, past, exited, running)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_no_key_crashes(
    state: State, open_app: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # ^s writes a picture
    async with state(open_app) as (app, pilot):
        for key in KEYS:
            await pilot.press(key)
            while app.screen is not app.main or isinstance(app.focused, Input):
                before = (app.screen, app.focused)
                await pilot.press("escape")
                assert (app.screen, app.focused) != before, f"{key}: Escape does not lead back"
        assert app.is_running
