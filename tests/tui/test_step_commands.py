"""Before a step: preview, edit, leave out, and what the training makes of it, with real keys."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from gradstep.testing import open_debugger, screen_text
from gradstep.tui.app import GradstepApp
from gradstep.tui.frame import Frame
from gradstep.tui.screens.edit import EditScreen
from gradstep.views.coming import coming
from tests.tui.conftest import press

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")

SCRIPT = """\
import torch
w = torch.tensor([2.0, 1.0], requires_grad=True)
b = torch.tensor([1.0], requires_grad=True)
opt = torch.optim.SGD([w, b], lr=0.1)
losses = []
for i in range(3):
    opt.zero_grad()
    loss = (w * w).sum() + b.sum()
    loss.backward()
    opt.step()
    losses.append(loss.item())
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(SCRIPT, encoding="utf-8")
    return path


async def to_step(app: GradstepApp, pilot: Pilot[int]) -> None:
    """Continue to the next breakpoint, with the optimizer in pane 4."""
    await press(app, pilot, "c")
    app.main.pane("inspect").active = "optimizer-view"
    await pilot.pause()
    app.paint_now()


async def evaluate(app: GradstepApp, pilot: Pilot[int], text: str) -> None:
    count = app.answers + 1
    app.main.open_prompt()
    await pilot.press(*text, "enter")
    await app.reached(lambda _: app.answers >= count)


async def test_a_rate_is_changed_in_the_pane_and_the_next_loss_shows_it(script: Path) -> None:
    async with open_debugger(script, engine="builtin", breakpoints=("step",)) as (app, pilot):
        # given a script that stands before its first step
        await to_step(app, pilot)
        assert "1.6000 = 2.0000 − 0.1 · 4.0000" in screen_text(app)
        # when the learning rate is set to 0.25, after a try that is refused
        await pilot.press("equals_sign")
        assert isinstance(app.screen, EditScreen)
        before = app.frame.head
        await pilot.press(*["backspace"] * 4, *"-1", "enter")
        await app.workers.wait_for_complete()
        assert "lr is at least 0" in screen_text(app)
        await pilot.press(*["backspace"] * 4, *"0.25", "enter")
        # then the trace has it, the preview shows it, and the run is marked
        await app.reached(lambda frame: frame.head > before)
        assert app.frame.moment is not None
        edited = app.frame.moment.event
        assert (edited.kind, edited.name) == ("edited", "user")
        hyper = edited.detail["hyper"]
        assert [(h["name"], h["before"], h["after"]) for h in hyper] == [("lr", 0.1, 0.25)]
        assert "edited" in screen_text(app).split("\n")[0]
        assert "1.0000 = 2.0000 − 0.25 · 4.0000" in screen_text(app)
        # and the script goes on with it: w = 2 - 0.25 * 4 and 1 - 0.25 * 2, b = 1 - 0.25
        await to_step(app, pilot)
        await evaluate(app, pilot, "loss.item()")
        assert f"{1.0 + 0.25 + 0.75}" in screen_text(app)


async def test_a_step_is_skipped_and_the_next_loss_is_the_same(script: Path) -> None:
    async with open_debugger(script, engine="builtin", breakpoints=("step",)) as (app, pilot):
        await to_step(app, pilot)
        await press(app, pilot, "x")
        assert app.frame.moment is not None
        event = app.frame.moment.event
        assert (event.kind, event.phase, event.detail.get("skipped")) == (
            "phase_exited", "step", True
        )  # fmt: skip
        assert event.step == 0
        await to_step(app, pilot)
        await evaluate(app, pilot, "losses + [loss.item()]")
        assert "[6.0, 6.0]" in screen_text(app)


async def test_a_parameter_is_skipped(script: Path) -> None:
    async with open_debugger(script, engine="builtin", breakpoints=("step",)) as (app, pilot):
        await to_step(app, pilot)
        app.main.focus_pane("inspect")
        await pilot.press("down", "X")
        await app.workers.wait_for_complete()
        assert app.session is not None
        assert len(app.session.at_step.left_out) == 1
        assert "skipped by the user" in screen_text(app)
        await press(app, pilot, "p")
        await evaluate(app, pilot, "w, b")
        text = screen_text(app)
        # the selected one was the second by badness: b moves by 10 %, w by 20 %
        assert "[1.6000, 0.8000]" in text
        assert "tensor([1.], requires_grad=True)" in text


async def test_nan_is_written_only_after_a_second_enter(script: Path) -> None:
    async with open_debugger(script, engine="builtin", breakpoints=("step",)) as (app, pilot):
        await to_step(app, pilot)
        head = app.frame.head
        await pilot.press("equals_sign", "up")
        await pilot.press(*["backspace"] * 12, *"[1] = nan", "enter")
        assert "Enter does it" in screen_text(app)
        assert app.frame.head == head
        await pilot.press("enter")
        await app.reached(lambda frame: frame.head > head)
        assert app.frame.moment is not None
        assert app.frame.moment.event.detail["text"] == "w.grad[1] = nan"
        assert "1 NaN or inf" in screen_text(app)


async def test_the_console_changes_a_gradient_and_time_travel_stays_true(script: Path) -> None:
    async with open_debugger(script, engine="builtin", breakpoints=("step",)) as (app, pilot):
        await to_step(app, pilot)
        begin = app.frame.cursor
        await evaluate(app, pilot, "w.grad.mul_(2)")
        assert "1.2000 = 2.0000 − 0.1 · 8.0000" in screen_text(app)
        app.main.focus_pane("inspect")
        assert app.session is not None
        written = [
            row for row in app.session.run.events(begin, None) if row.detail.get("by") == "console"
        ]
        assert [row.kind for row in written] == ["written", "edited"]
        app.seek(begin)
        await app.reached(_at(begin))
        assert "1.6000 = 2.0000 − 0.1 · 4.0000" in screen_text(app)
        await pilot.press("equals_sign")
        assert not isinstance(app.screen, EditScreen)


async def test_nothing_is_skipped_outside_of_a_step(script: Path) -> None:
    async with open_debugger(script, engine="builtin", breakpoints=("backward",)) as (app, pilot):
        await press(app, pilot, "c")
        await pilot.press("x")
        await app.workers.wait_for_complete()
        assert "no step is about to happen" in screen_text(app)


async def test_what_is_too_large_for_the_screen_the_script_works_out(tmp_path: Path) -> None:
    script = tmp_path / "large.py"
    text = SCRIPT.replace("torch.tensor([2.0, 1.0], r", "torch.full((600_000,), 2.0, r")
    script.write_text(text, encoding="utf-8")
    async with open_debugger(script, engine="builtin", breakpoints=("step",)) as (app, pilot):
        await to_step(app, pilot)
        await app.reached(lambda frame: frame.live_figures is not None)
        moment = app.frame.moment
        assert moment is not None
        recorded = coming(moment)
        assert {each.why for each in recorded} == {"", "too large to work out here"}
        shown = coming(moment, app.frame.live_figures)
        assert [each.figures is not None for each in shown] == [True, True]
        assert "20%" in screen_text(app)


def _at(seq: int) -> Callable[[Frame], bool]:
    def there(frame: Frame) -> bool:
        return frame.cursor == seq

    return there
