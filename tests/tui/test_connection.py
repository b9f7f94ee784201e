"""The connection view: k opens it, Enter goes to the event of a cell, Esc gives the panes back."""

from __future__ import annotations

from pathlib import Path

from gradstep.testing import open_debugger, screen_text
from gradstep.tui.screens.main import CONNECTION
from tests.tui.conftest import Open, press
from tests.tui.recording import Y


async def test_k_puts_the_table_over_the_panes_and_esc_takes_it_away(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        app.main.focus_pane("graph")
        await pilot.press("k")
        await app.reached(lambda frame: app.main.connection.view is not None)
        assert app.main.zoomed == CONNECTION
        assert app.focused is app.main.connection.rows
        assert not app.main.pane("source").display
        await pilot.press("escape")
        await app.reached(lambda frame: app.main.zoomed == "")
        assert app.main.pane("source").display
        assert not app.main.pane(CONNECTION).display
        assert app.main.focused_pane().id == "graph"


async def test_it_follows_the_cursor(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await pilot.press("k")
        await press(app, pilot, "p", "p", "p")
        view = app.main.connection.view
        assert view is not None
        assert view.moment.seq == app.frame.cursor
        assert "no loss yet" not in view.title


async def test_enter_goes_to_the_event_of_the_cell(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        await press(app, pilot, "p", "p", "p", "p")
        await pilot.press("k")
        await app.reached(lambda frame: app.main.connection.view is not None)
        table = app.main.connection
        assert table.view is not None
        names = [wire.tensor for wire in table.view.wires]
        table.rows.select_row(names.index(Y))
        await pilot.press("right")
        assert table.rows.column == 3
        expected = table.view.seq_of(names.index(Y), 3)
        assert session.run.event(expected).kind == "accumulated"
        moves = app.moves
        await pilot.press("enter")
        await app.reached(lambda frame: frame.moves > moves)
        assert session.cursor == expected
        assert app.selection.tensor == Y
        assert app.main.zoomed == ""


async def test_a_number_of_a_pane_leaves_the_table(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await pilot.press("k", "2")
        await app.reached(lambda frame: app.main.focused_pane().id == "graph")
        assert app.main.zoomed == ""
        assert app.main.pane("source").display


async def test_the_console_comes_back_to_the_table(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p")
        await pilot.press("k", "e")
        await app.reached(lambda frame: app.focused is app.main.console.prompt)
        assert app.main.zoomed == ""
        await pilot.press("escape")
        await app.reached(lambda frame: app.main.zoomed == CONNECTION)
        assert app.focused is app.main.connection.rows


async def test_a_narrow_screen_has_the_table_too(open_app: Open) -> None:
    async with open_app(size=(80, 24), live=False) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p", "p")
        await pilot.press("k")
        await app.reached(lambda frame: app.main.connection.view is not None)
        await pilot.pause()
        text = screen_text(app)
        assert "Connection ─ z" in text
        assert "backward() writes .grad" in text
        assert "Esc back" in text


async def test_it_opens_on_the_first_hole(tmp_path: Path) -> None:
    script = tmp_path / "hole.py"
    script.write_text(
        "import torch\n"
        "held = torch.ones(1, requires_grad=True)\n"
        "forgotten = torch.ones(1, requires_grad=True)\n"
        "optimizer = torch.optim.SGD([held], lr=0.1)\n"
        "for _ in range(2):\n"
        "    optimizer.zero_grad()\n"
        "    (held * forgotten).sum().backward()\n"
        "    optimizer.step()\n"
    )
    async with open_debugger(script, engine="builtin") as (app, pilot):
        await press(app, pilot, "p", "p", "p", "p")
        await pilot.press("k")
        await app.reached(lambda frame: app.main.connection.view is not None)
        table = app.main.connection
        assert table.view is not None
        assert [bool(wire.holes) for wire in table.view.wires] == [False, True]
        assert (table.rows.row, table.rows.column) == (1, 4)
        assert "forgotten is in no optimizer" in screen_text(app)
