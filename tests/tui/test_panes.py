"""The keys of single panes: tensor, optimizer, loss and timeline."""

from __future__ import annotations

import csv
import os
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from gradstep.testing import GradstepApp, open_debugger, screen_text
from gradstep.trace.errors import TraceError
from gradstep.tui.actions import COMMANDS
from gradstep.tui.frame import Frame
from gradstep.tui.pane_keys import PANE_KEYS
from gradstep.tui.screens.save import SaveScreen
from gradstep.tui.trail import Trail
from tests.tui.conftest import Open, press, until

SCRIPT = """\
import torch
torch.manual_seed(0)
large = torch.randn(1100, 1000)
w = torch.randn(2, 3, 4, requires_grad=True)
opt = torch.optim.SGD([w], lr=0.1)
for _ in range(3):
    opt.zero_grad()
    loss = (w * w).sum()
    loss.backward()
    opt.step()
total = large * 2
print(total.shape)
"""


LENT = {"Lesson": {"1", "2", "3"}}
"""Keys of commands that a pane has for a while: here as long as a question waits."""


def test_keys_of_panes_hide_no_command() -> None:
    taken = {key for command in COMMANDS for key in command.keys}
    for pane, keys in PANE_KEYS.items():
        own = [key.keys for key in keys]
        assert set(own) & taken == LENT.get(pane, set()), pane
        assert len(own) == len(set(own)), pane


def test_where_breakpoints_stopped_is_of_one_run() -> None:
    trail = Trail()
    for seq in (5, 9, 5):
        trail.stopped(seq)
    assert trail.stops() == (5, 9)
    trail.clear()
    assert trail.stops() == ()


async def test_the_tensor_goes_through_modes_and_comparisons(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p", "p")
        await pilot.press("4")
        pane = app.main.tensor
        await until(pilot, lambda: pane.view is not None and pane.has_focus)
        await pilot.press("h")
        assert pane.lens.mode == "heat"
        await pilot.press("h", "h", "d")
        assert (pane.lens.mode, pane.lens.compare) == ("values", "before")
        assert pane.view is not None
        assert "before" in screen_text(app)
        await pilot.press("d", "d")
        assert (pane.lens.compare, app.selection.what) == ("now", "grad")
        await pilot.press("Y")
        assert app.clipboard.startswith(f"{pane.view.name} ")
        assert "OSC 52" in screen_text(app)


@pytest.mark.skipif(os.name == "nt", reason="needs signals")
async def test_a_slice_an_element_and_a_file_of_a_live_tensor(tmp_path: Path) -> None:
    script = tmp_path / "s.py"
    script.write_text(SCRIPT)
    async with open_debugger(script) as (app, pilot):
        await press(app, pilot, "p", "p", "p", "p", "p", "p", "p", "p")
        await pilot.press("4")
        pane = app.main.tensor
        await until(pilot, lambda: pane.has_focus and pane.view is not None and pane.view.cells)
        await pilot.press("greater_than_sign", "down", "down", "right")
        assert pane.lens.cursor == (1, 1, 1)
        await pilot.press("enter")
        assert pane.view is not None
        assert len(pane.view.elements) == 2
        text = screen_text(app)
        assert "w[1,1,1]" in text
        assert "3 versions" in text
        assert "[1, :, :]" in text
        target = tmp_path / "w.csv"
        await save(app, pilot, str(target))
        rows = list(csv.reader(target.read_text().splitlines()))
        assert rows[0][:2] == ["dim0", "dim1"]
        assert len(rows) == 1 + 2 * 3
        # A second time it asks first.
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        app.screen.query_one("#save-input").value = str(target)  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: "exists: Enter overwrites it" in screen_text(app))
        await pilot.press("escape")
        # Too large to be recorded: the script's own process writes it.
        while shown(app) != (1100, 1000):
            await press(app, pilot, "s")
        assert "w[1,1,1]" in screen_text(app)
        large = tmp_path / "large.npy"
        assert pane.view.value is not None
        assert pane.view.value.content is None
        await save(app, pilot, str(large))
        assert np.load(large).shape == (1100, 1000)


def shown(app: GradstepApp) -> tuple[int, ...]:
    """The shape of what pane 4 shows."""
    view = app.main.tensor.view
    return () if view is None else view.shape


async def save(app: GradstepApp, pilot: Pilot[int], name: str) -> None:
    """Write what pane 4 shows into a file."""
    app.main.focus_pane("inspect")
    await pilot.press("E")
    await until(pilot, lambda: isinstance(app.screen, SaveScreen))
    app.screen.query_one("#save-input").value = name  # type: ignore[attr-defined]
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(app.screen, SaveScreen))
    assert Path(name).exists()


async def test_losses_zoom_and_become_a_file(open_app: Open, tmp_path: Path) -> None:
    async with open_app(live=False) as (app, pilot, session):
        await pilot.press("o")
        pane = app.main.loss
        await until(pilot, lambda: pane.view is not None)
        await pilot.press("plus")
        assert pane.part is not None
        await pilot.press("right", "minus", "0", "tilde")
        assert pane.part is None
        assert not pane.smooth
        target = tmp_path / "losses.csv"
        await save(app, pilot, str(target))
        rows = list(csv.DictReader(target.read_text().splitlines()))
        assert [int(row["event"]) for row in rows] == [
            loss[0] for loss in session.run.losses(session.head)
        ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x" * 300 + ".csv", "File name too long"),
        ("~nobody-of-this-name/a.csv", "there is no home folder"),
        ("/dev/null/a.csv", "Not a directory"),
        ("losses.txt", "does not end in .csv"),
    ],
)
async def test_a_file_that_cannot_be_written_is_told_in_the_dialog(
    open_app: Open, name: str, said: str
) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await pilot.press("o", "E")
        await until(pilot, lambda: isinstance(app.screen, SaveScreen))
        app.screen.query_one("#save-input").value = name  # type: ignore[attr-defined]
        await pilot.press("enter")
        wrong = app.screen.query_one(".error", Static)
        await until(pilot, lambda: said in str(wrong.content))
        assert isinstance(app.screen, SaveScreen)


async def test_the_optimizer_is_sorted_by_another_column(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p", "p")
        await pilot.press("4", "4")
        pane = app.main.optimizer
        await until(pilot, lambda: pane.view is not None and pane.view.rows)
        assert pane.view is not None
        names = [row.name for row in pane.view.rows]
        await pilot.press("greater_than_sign", "r")
        assert [row.name for row in pane.view.rows] == sorted(names, reverse=True)
        assert "by param" in screen_text(app)


async def test_the_timeline_zooms_goes_and_finds_what_is_odd(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        await pilot.press("5")
        bar = app.main.timeline
        assert app.focused is bar
        await pilot.press("plus")
        assert "+ - zoom" in str(bar.border_subtitle)
        await moved(app, pilot, lambda: pilot.press("right"))
        assert session.cursor == 2
        await pilot.press("minus", "minus", "minus", "minus")
        await until(pilot, lambda: "iteration" in str(bar.border_subtitle))
        await moved(app, pilot, lambda: pilot.press("end"))
        assert session.cursor == session.head
        await pilot.press("down")
        await until(pilot, lambda: "no iteration after this one stands out" in screen_text(app))
        await pilot.press("0", "question_mark")
        await until(pilot, lambda: "Go on to an iteration without" in screen_text(app))


async def test_a_drag_in_the_timeline_goes_where_the_mouse_is(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        bar = app.main.timeline
        await until(pilot, lambda: any(bar._seqs))
        seqs = bar._seqs
        first, second = (next(i for i, seq in enumerate(seqs) if seq == n) for n in (9, 15))
        await moved(app, pilot, lambda: pilot.mouse_down(bar, offset=(first + 1, 1)))
        assert session.cursor == 9
        await moved(app, pilot, lambda: pilot.hover(bar, offset=(second + 1, 1)))
        assert session.cursor == 15
        await pilot.mouse_up(bar, offset=(second + 1, 1))
        assert bar._dragged is None


async def moved(app: GradstepApp, pilot: Pilot[int], act: Callable[[], Awaitable[object]]) -> None:
    """Do something that moves the cursor, and wait until that is painted."""
    before = app.moves
    await act()
    await app.reached(partial(_since, before))


def _since(before: int, frame: Frame) -> bool:
    return frame.moves > before


async def test_a_run_that_cannot_be_read_on_is_said_once(
    open_app: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_app(live=False) as (app, pilot, session):
        monkeypatch.setattr(session.run.database, "rows", unreadable)
        app.main.timeline._read_some()
        monkeypatch.undo()
        await until(pilot, lambda: "cannot be read" in screen_text(app))
        assert not app.main.timeline._read_some()


def unreadable(*_: object) -> list[tuple[object, ...]]:
    raise TraceError("the trace is damaged and cannot be read: for a test")
