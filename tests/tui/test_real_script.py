"""The whole of it: a script in its own process, the engine, the trace, the session, the screen."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from gradstep.testing import open_debugger, screen_text
from tests.tui.conftest import press

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")


@pytest.fixture
def two_scalars(scenarios: Path) -> Path:
    return scenarios / "two_scalars.py"


async def test_two_scalars_forward_and_back(two_scalars: Path) -> None:
    async with open_debugger(two_scalars, engine="builtin") as (app, pilot):
        text = screen_text(app)
        assert "PAUSED" in text
        assert "import torch" in text

        await press(app, pilot, "p", "p", "p")
        text = screen_text(app)
        assert "6.0000" in text
        assert "12.0000" in text
        assert "4 nodes ✓" in text or "nodes ✓" in text

        await press(app, pilot, "p")
        text = screen_text(app)
        assert "1.0000 → 0.4000" in text
        assert "2.0000 → 0.8000" in text

        await press(app, pilot, "P")
        text = screen_text(app)
        assert "PAST" in text.split("\n")[0]
        assert "0.4000" not in text
        assert "12.0000" in text

        await press(app, pilot, "full_stop")
        assert "1.0000 → 0.4000" in screen_text(app)


async def test_console_reads_and_changes_the_script(two_scalars: Path) -> None:
    async with open_debugger(two_scalars, engine="builtin") as (app, pilot):
        await press(app, pilot, "p", "p", "p")
        await pilot.press("e", *"x.grad", "enter")
        await app.reached(lambda _: app.answers >= 1)
        assert "tensor([6.])" in screen_text(app)
        await pilot.press(*"answer = 41 + 1", "enter")
        await app.reached(lambda _: app.answers >= 2)
        await pilot.press(*"answer", "enter")
        await app.reached(lambda _: app.answers >= 3)
        assert "42" in screen_text(app)


async def test_a_script_killed_from_outside_leaves_the_screen(two_scalars: Path) -> None:
    async with open_debugger(two_scalars, engine="builtin") as (app, pilot):
        await press(app, pilot, "p", "p")
        assert app.session is not None
        pid = app.session.run.info.pid
        os.kill(pid, signal.SIGKILL)
        await app.reached(lambda frame: frame.state == "exited")
        text = screen_text(app)
        assert "SIGKILL" in text
        assert "2 Graph" in text
        await press(app, pilot, "S")
        assert app.is_running


async def test_leaving_ends_the_script(two_scalars: Path) -> None:
    async with open_debugger(two_scalars, engine="builtin") as (app, pilot):
        await press(app, pilot, "p")
        assert app.session is not None
        pid = app.session.run.info.pid
        await pilot.press("q")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_an_endless_script_pauses_and_goes_on(tmp_path: Path) -> None:
    script = tmp_path / "endless.py"
    script.write_text("n = 0\nwhile True:\n    n += 1\n", encoding="utf-8")
    async with open_debugger(script, engine="builtin") as (app, pilot):
        await pilot.press("c")
        await app.reached(lambda frame: frame.state == "running")
        await pilot.press("ctrl+c")
        await app.reached(lambda frame: frame.moves >= 1)
        assert app.session is not None
        assert app.session.state == "paused"
        assert "PAUSED" in screen_text(app)


async def test_an_exception_is_shown_with_its_frame(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text("import torch\nx = torch.ones(2)\nx @ torch.ones(3)\n", encoding="utf-8")
    async with open_debugger(script, engine="builtin", size=(140, 40)) as (app, pilot):
        await press(app, pilot, "c")
        assert app.session is not None
        assert app.session.stop is not None
        assert app.session.stop.reason == "exception"
        assert "RuntimeError" in screen_text(app)
        await press(app, pilot, "c")
        await app.reached(lambda frame: frame.state == "exited")
        assert "exit status 1" in screen_text(app)


async def test_restart_keeps_breakpoints(two_scalars: Path) -> None:
    async with open_debugger(two_scalars, engine="builtin", breakpoints=("step",)) as (app, pilot):
        await press(app, pilot, "c")
        assert app.frame.moment is not None
        assert app.frame.moment.event.phase == "step"
        await press(app, pilot, "R")
        await app.reached(lambda frame: frame.state == "paused" and frame.cursor <= 2)
        await press(app, pilot, "c")
        assert app.frame.moment is not None
        assert app.frame.moment.event.phase == "step"


async def test_keys_held_down_do_not_hang(two_scalars: Path) -> None:
    async with open_debugger(two_scalars, engine="builtin") as (app, pilot):
        for _ in range(40):
            await pilot.press("s")
        await app.reached(lambda frame: frame.moves >= 3)
        await asyncio.sleep(0)
        assert app.is_running
