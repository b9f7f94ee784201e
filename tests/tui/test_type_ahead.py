"""Keys that come before the script stands are carried out in order; those that end it, at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from gradstep.tui.app import GradstepApp
from gradstep.tui.screens.help import HelpScreen
from tests.tui.conftest import Open
from tests.tui.fake_session import FakeSession

Starting = Callable[
    [], AbstractAsyncContextManager[tuple[GradstepApp, Pilot[int], FakeSession, asyncio.Event]]
]


@pytest.fixture
def starting(trace_path: Path) -> Starting:
    """An application whose script stands once the event is set."""

    @asynccontextmanager
    async def started() -> AsyncIterator[
        tuple[GradstepApp, Pilot[int], FakeSession, asyncio.Event]
    ]:
        session = FakeSession(trace_path)
        stands = asyncio.Event()

        async def opener() -> FakeSession:
            await stands.wait()
            return session

        app = GradstepApp(opener, script="two_scalars.py")
        try:
            async with app.run_test(size=(120, 40)) as pilot:
                yield app, pilot, session, stands
        finally:
            session.trace.close()

    return started


async def test_keys_are_carried_out_in_order(starting: Starting) -> None:
    async with starting() as (app, pilot, session, stands):
        await pilot.press("s", "s", "p", "S")
        assert "s s p S" in str(app.main.key_bar.bar_lines(120))
        assert not session.motions_begun
        stands.set()
        await app.reached(lambda frame: frame.moves >= 4)
        assert session.motions_begun == [
            ("step", False),
            ("step", False),
            ("phase", False),
            ("step", True),
        ]
        assert session.cursor < session.head


async def test_what_they_type_goes_where_they_lead(starting: Starting) -> None:
    async with starting() as (app, pilot, session, stands):
        await pilot.press("e", "s", "+", "s", "enter", "escape", "p", "g", "3", "enter", "s")
        stands.set()
        await app.reached(lambda frame: frame.moves >= 3)
        assert session.asked == ["s+s"]
        assert session.cursor == 4


async def test_the_help_can_be_read_meanwhile(starting: Starting) -> None:
    async with starting() as (app, pilot, session, stands):
        await pilot.press("s", "question_mark")
        assert isinstance(app.screen, HelpScreen)
        await pilot.press("escape", "p")
        assert not isinstance(app.screen, HelpScreen)
        stands.set()
        await app.reached(lambda frame: frame.moves >= 2)
        assert session.motions_begun == [("step", False), ("phase", False)]


async def test_quitting_does_not_wait(starting: Starting) -> None:
    async with starting() as (app, pilot, session, _):
        await pilot.press("s", "q")
        assert app.return_code == 0
        assert not session.motions_begun


async def test_ctrl_c_calls_them_off(starting: Starting) -> None:
    async with starting() as (app, pilot, session, stands):
        await pilot.press("s", "s", "ctrl+c", "p")
        stands.set()
        await app.reached(lambda frame: frame.moves >= 1)
        assert session.motions_begun == [("phase", False)]


async def test_a_restart_is_a_start(open_app: Open) -> None:
    async with open_app() as (app, pilot, session):
        session.state = "starting"
        await pilot.press("s", "p")
        assert not session.motions_begun
        session.state = "paused"
        session.changed()
        await app.reached(lambda frame: frame.moves >= 2)
        assert session.motions_begun == [("step", False), ("phase", False)]
