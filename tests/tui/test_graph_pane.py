"""The graph's pane: folding by keys and mouse, ghosts, selection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from gradstep.testing import GradstepApp, open_debugger, open_recording, screen_text
from gradstep.tui.widgets.graph_pane import STRIDE, GraphPane
from tests.tui.conftest import press
from tests.views.test_graph_modules import blocks

Opened = tuple[GradstepApp, Pilot[int], GraphPane]
Open = Callable[..., AbstractAsyncContextManager[Opened]]


@pytest.fixture
def open_blocks(tmp_path: Path) -> Open:
    @asynccontextmanager
    async def opened(amount: int, at: str = "iter 2") -> AsyncIterator[Opened]:
        path = tmp_path / "blocks.gradstep"
        blocks(path, amount=amount).close()
        async with open_recording(path) as (app, pilot):
            await pilot.press("g", *at.replace(" ", ""), "enter")
            await app.reached(lambda frame: frame.moves >= 1)
            await pilot.press("2")
            await pilot.pause()
            yield app, pilot, app.main.graph

    return opened


def names(pane: GraphPane) -> list[str]:
    view = pane.rows.view
    assert view is not None
    return [("-" if row.is_open else "+") * bool(row.scope) + row.name for row in view.rows]


async def test_left_and_right_fold_as_in_a_tree(open_blocks: Open) -> None:
    async with open_blocks(3) as (_, pilot, pane):
        assert names(pane)[:4] == ["-blocks.0", "norm", "-blocks.0.mlp", "linear"]
        await pilot.press("home", "down", "down", "down", "left")
        assert pane.rows.row == 2  # the title around
        await pilot.press("left")
        await pilot.pause()
        assert names(pane)[:4] == ["-blocks.0", "norm", "+blocks.0.mlp", "add"]
        assert pane.rows.row == 2
        await pilot.press("left", "left")
        await pilot.pause()
        assert names(pane)[:2] == ["+blocks.0", "-blocks.1"]
        assert pane.rows.row == 0
        await pilot.press("right")
        await pilot.pause()
        assert names(pane)[:3] == ["-blocks.0", "norm", "+blocks.0.mlp"]
        await pilot.press("right")
        assert pane.rows.row == 1


async def test_plus_and_minus_fold_all(open_blocks: Open) -> None:
    async with open_blocks(3) as (app, pilot, pane):
        await pilot.press("minus")
        await pilot.pause()
        assert names(pane) == ["+blocks.0", "+blocks.1", "+blocks.2", "mean"]
        assert "▸ blocks.1" in screen_text(app)
        assert "▾ modules - +" in screen_text(app)
        await pilot.press("plus")
        await pilot.pause()
        assert len(names(pane)) == 3 * 7 + 1


async def test_a_click_on_the_triangle_folds(open_blocks: Open) -> None:
    async with open_blocks(3) as (_, pilot, pane):
        view = pane.rows.view
        assert view is not None
        column = view.triangle(0, 60).start
        await pilot.click(pane.rows, offset=(column + 6, 0))
        await pilot.pause()
        assert names(pane)[0] == "-blocks.0"
        assert pane.rows.row == 0
        await pilot.click(pane.rows, offset=(column, 0))
        await pilot.pause()
        assert names(pane)[:2] == ["+blocks.0", "-blocks.1"]


async def test_a_long_graph_opens_around_the_op_that_runs(open_blocks: Open) -> None:
    async with open_blocks(12) as (app, pilot, pane):
        assert names(pane)[:12] == [f"+blocks.{n}" for n in range(12)]
        assert app.frame.moment is not None
        run = app.frame.moment.run
        seqs = [row.seq for row in run.events(1, None, {"op"}) if row.iteration == 2]
        await pilot.press("g", *str(seqs[5 * 3 + 2]), "enter")
        await app.reached(lambda frame: frame.cursor == seqs[5 * 3 + 2])
        await pilot.pause()
        assert [name for name in names(pane) if name.startswith("-")] == [
            "-blocks.3",
            "-blocks.3.mlp",
        ]
        await press(app, pilot, "s", "s", "s")
        assert [name for name in names(pane) if name.startswith("-")] == ["-blocks.4"]
        view = pane.rows.view
        assert view is not None
        assert view.current == pane.rows.row == 5
        # What was unfolded by hand stays open, the rest follows the op.
        await pilot.press("home", "right")
        await press(app, pilot, "s")
        assert [name for name in names(pane) if name.startswith("-")] == [
            "-blocks.0",
            "-blocks.4",
            "-blocks.4.mlp",
        ]


async def test_a_folded_module_is_selected_as_a_whole(open_blocks: Open) -> None:
    async with open_blocks(3, "75") as (app, pilot, pane):
        await pilot.press("minus", "home", "down")
        await pilot.pause()
        row = pane.selected
        assert row is not None
        assert row.scope is not None
        assert row.name == "blocks.1"
        assert app.selection.tensor == row.output
        view = pane.rows.view
        assert view is not None
        assert view.selected == 1
        assert "blocks.1  a call of the module" in screen_text(app)
        assert "▌" in screen_text(app).split("▸ blocks.1")[0].splitlines()[-1]
        # The module's row stays selected where its own op has a row as well.
        await pilot.press("right")
        await pilot.pause()
        view = pane.rows.view
        assert view is not None
        assert view.rows[view.selected or 0].name == "blocks.1"
        await pilot.press("b")
        assert app.session is not None
        assert [point.text for point in app.session.breakpoints.list()] == ["module:blocks.1"]


async def test_ghosts_stand_still_while_one_steps(open_blocks: Open) -> None:
    async with open_blocks(3) as (app, pilot, pane):
        before = names(pane)
        for _ in range(6):
            await press(app, pilot, "s")
            assert names(pane) == before
        view = pane.rows.view
        assert view is not None
        states = [row.state for row in view.rows if row.scope is None]
        assert states[0] == "done"
        assert states[-1] == "pending"


async def test_what_is_folded_is_found_and_unfolded(open_blocks: Open) -> None:
    async with open_blocks(3, "75") as (_, pilot, pane):
        await pilot.press("minus", "home", "slash", *"mlp.1")
        await pilot.pause()
        assert names(pane)[pane.rows.row] == "+blocks.0"
        await pilot.press("enter")
        await pilot.pause()
        assert names(pane)[:4] == ["-blocks.0", "norm", "+blocks.0.mlp", "add"]
        await pilot.press("enter")
        await pilot.pause()
        assert names(pane)[2:5] == ["-blocks.0.mlp", "linear", "relu"]
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert names(pane)[pane.rows.row] == "relu"


CHAIN = """
import torch
x = torch.tensor(1.5, requires_grad=True)
y = x * 2
for _ in range(14):
    y = y * x
"""


async def test_the_card_gives_way_in_strides(tmp_path: Path) -> None:
    script = tmp_path / "chain.py"
    script.write_text(CHAIN, "utf-8")
    async with open_debugger(script, engine="builtin") as (app, pilot):
        pane, heights, rows = app.main.graph, [], set()
        for _ in range(15):
            await press(app, pilot, "s")
            height = pane.card.styles.height
            assert height is not None
            heights.append(int(height.value))
            rows.add(pane.rows.row_count())
        half = pane.size.height // 2
        assert len(rows) > 12  # the first graph grows op by op
        assert len(set(heights)) > 1
        # Each change lays the whole screen out.
        assert all(h % STRIDE == 0 or (h - half) % STRIDE == 0 for h in heights), heights
