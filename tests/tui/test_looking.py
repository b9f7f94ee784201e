"""Locals, watches and the prompt on a real script."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest
from textual import events
from textual.pilot import Pilot

from gradstep.session.watches import WatchBook
from gradstep.testing import GradstepApp, open_debugger, open_recording, screen_text
from tests.tui.conftest import Open, press, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")

SCRIPT = """\
import torch

class Config:
    def __init__(self):
        self.rate = 0.1
    def __repr__(self):
        raise RuntimeError("never run")

config = Config()
w = torch.tensor([1.0], requires_grad=True)
opt = torch.optim.SGD([w], lr=config.rate)

def train(index):
    square = index * index
    opt.zero_grad()
    loss = (w * w).sum()
    loss.backward()
    opt.step()

for index in range(3):
    train(index)
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "looked_at.py"
    path.write_text(SCRIPT)
    return path


async def ask(app: GradstepApp, pilot: Pilot[int], text: str) -> None:
    """Type a line into the console and wait for its answer."""
    before = app.answers
    app.main.open_prompt()
    app.main.console.prompt.value = text
    await pilot.press("enter")
    await app.reached(lambda _: app.answers > before)
    await pilot.press("escape")


async def looked(pilot: Pilot[int], *texts: str) -> None:
    """Wait until the screen shows these texts."""
    app = cast(GradstepApp, pilot.app)
    await until(pilot, lambda: all(text in screen_text(app) for text in texts))


def row_of(app: GradstepApp, start: str) -> int:
    rows = app.main.local_names.rows
    return next(
        n for n, row in enumerate(rows) if "".join(s.text for s in row.line)[1:].startswith(start)
    )


async def test_locals_show_frames_variables_and_what_changed(script: Path) -> None:
    async with open_debugger(script, engine="builtin") as (app, pilot):
        app.main.pane("inspect").active = "locals-view"
        await press(app, pilot, "p", "p")
        await looked(pilot, "● train()", "○ the script", "square", "globals of the script")
        text = screen_text(app)
        assert "Config object" in text
        assert "left out" in text
        await press(app, pilot, "i")
        await looked(pilot, "Δindex", "Δ")
        # Enter on an object shows what it holds, Enter on a frame looks into it.
        pane = app.main.local_names
        pane.focus()
        pane.row = row_of(app, "▸ config")
        await pilot.press("enter")
        await looked(pilot, "▾ config", "rate")
        pane.row = 1
        await pilot.press("enter")
        await looked(pilot, "○ train()", "● the script")
        await ask(app, pilot, "'square' in dir() or 'no square'")
        await looked(pilot, "no square")
        app.main.source.focus()
        # What is past has tensors only, and says so.
        await press(app, pilot, "P")
        await looked(pilot, "other variables were not recorded")


async def test_a_stop_that_is_gone_shows_its_variables(script: Path) -> None:
    async with open_debugger(script, engine="builtin") as (app, pilot):
        app.main.pane("inspect").active = "locals-view"
        await press(app, pilot, "p", "p")
        await looked(pilot, "● train()", "index", "Config object")
        first = app.main.local_names.rows[row_of(app, "index")].line
        await press(app, pilot, "i")
        await looked(pilot, "Δindex")
        assert app.main.local_names.rows[row_of(app, "index")].line != first
        await press(app, pilot, "I")
        await looked(pilot, "as they were when the script stopped here", "● train()")
        rows = app.main.local_names.rows
        assert rows[row_of(app, "index")].line == first
        # Nothing of it can be opened, and no frame looked into: that would be another moment's.
        assert not any(row.path or row.frame is not None for row in rows)
        await press(app, pilot, "s")
        await looked(pilot, "other variables were not recorded")


async def test_watches_have_values_changes_and_a_history(script: Path) -> None:
    async with open_debugger(script, engine="builtin") as (app, pilot):
        await press(app, pilot, "p", "p")
        for text in ("watch w", "watch w.grad", "watch square + 1", "watch nosuch"):
            await ask(app, pilot, text)
        app.main.pane("talk").active = "watch-view"
        app.main.source.focus()
        await press(app, pilot, "i")
        await until(pilot, lambda: app.main.watches.readings[2].number == 2.0)
        await press(app, pilot, "i")
        await looked(pilot, "Δ +3", "▲ NameError")
        readings = {one.text: one for one in app.main.watches.readings}
        assert readings["w"].history == pytest.approx((1.0, 0.8, 0.64), abs=1e-5)
        assert readings["square + 1"].number == 5.0
        assert readings["square + 1"].history == (1.0, 2.0, 5.0)
        await press(app, pilot, "I")
        readings = {one.text: one for one in app.main.watches.readings}
        assert readings["w"].history == pytest.approx((1.0, 0.8), abs=1e-5)
        assert "not recorded" in readings["nosuch"].error
        app.main.watches.focus()
        app.main.watches.row = 3
        await pilot.press("delete")
        await until(pilot, lambda: len(app.main.watches.readings) == 3)
        assert "nosuch" not in {one.text for one in app.main.watches.readings}
        assert WatchBook(str(script)).texts == ["w", "w.grad", "square + 1"]


async def test_w_watches_the_selected_tensor_of_a_recorded_run(trace_path: Path) -> None:
    async with open_recording(trace_path) as (app, pilot):
        await press(app, pilot, "p", "p", "p")
        app.main.pane("inspect").active = "locals-view"
        await until(pilot, lambda: bool(app.main.local_names.rows))
        app.main.local_names.focus()
        app.main.local_names.select_row(0)
        await until(pilot, lambda: app.selection.tensor is not None)
        await pilot.press("W")
        await until(pilot, lambda: bool(app.main.watches.readings))
        assert app.main.watches.readings[0].text == "x"
        assert app.main.watches.readings[0].source == "trace"


async def test_the_prompt_completes_suggests_and_remembers(script: Path) -> None:
    async with open_debugger(script, engine="builtin") as (app, pilot):
        await press(app, pilot, "p", "p")
        await pilot.press("e", *"conf")
        prompt = app.main.console.prompt
        await until(pilot, lambda: prompt._suggestion == "config")
        await pilot.press("right", *".r", "tab", "enter")
        await until(pilot, lambda: app.answers >= 1)
        assert prompt.history[-1] == "config.rate"
        prompt.post_message(events.Paste("total = 0\nfor n in range(4):\n    total += n\n"))
        await until(pilot, lambda: "↵" in prompt.value)
        await pilot.press("enter")
        await until(pilot, lambda: app.answers >= 2)
        await ask(app, pilot, "total * 7")
        assert "42" in screen_text(app)
    async with open_debugger(script, engine="builtin") as (app, pilot):
        await pilot.press("e", "up", "up")
        assert app.main.console.prompt.text == "total = 0\nfor n in range(4):\n    total += n"


async def test_ctrl_c_breaks_off_what_takes_long(script: Path) -> None:
    async with open_debugger(script, engine="builtin") as (app, pilot):
        await press(app, pilot, "p", "p")
        app.main.open_prompt()
        app.main.console.prompt.value = "sum(1 for _ in iter(int, 1))"
        await pilot.press("enter")
        while not app.answers:
            await pilot.press("ctrl+c")
            await pilot.pause()
        assert "interrupted" in screen_text(app)
        await ask(app, pilot, "index + 41")
        assert "41" in screen_text(app)


async def test_completion_of_recorded_names(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        await pilot.press("e", *"x.gr", "tab")
        prompt = app.main.console.prompt
        await until(pilot, lambda: prompt.value == "x.grad")
