"""The tab Loss: o opens it, a click on a curve goes to that backward()."""

from __future__ import annotations

from gradstep.views.text import plain
from tests.tui.conftest import Open


async def test_o_shows_the_losses_and_a_click_goes_there(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        await pilot.press("o")
        await app.reached(lambda frame: app.main.loss.view is not None)
        pane = app.main.loss
        assert app.main.pane("inspect").active == "loss-view"
        assert app.focused is pane
        view = pane.view
        assert view is not None
        # The run was opened at its first event: what is drawn lies ahead.
        assert "none yet" in plain(view.lines[:1])
        first = session.run.losses(session.run.head)[0][0]
        column = view.seqs[1].index(first)
        moves = app.moves
        await pilot.click(pane, offset=(column, 1))
        await app.reached(lambda frame: frame.moves > moves)
        assert session.cursor == first
        after = pane.view
        assert after is not None
        assert "none yet" not in plain(after.lines[:1])
