"""The tab Why: y opens it, Enter follows a line, the console answers `why NAME`."""

from __future__ import annotations

from gradstep.tui.why_command import asks_why
from gradstep.tui.widgets.why_pane import WhyPane
from gradstep.views.text import plain
from tests.tui.conftest import Open, press
from tests.tui.recording import X


def shown(pane: WhyPane) -> str:
    return plain(pane.view.lines) if pane.view is not None else ""


async def test_y_tells_of_the_event_s_tensor_and_enter_goes_there(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        run = session.run
        last = list(run.events(1, None, ("updated",)))[-1]
        app.seek(last.seq)
        await app.reached(lambda frame: frame.cursor == last.seq)
        await pilot.press("y")
        await app.reached(lambda frame: app.main.why.view is not None)
        pane = app.main.why
        assert app.main.pane("inspect").active == "why-view"
        assert app.focused is pane
        assert "was changed by" in shown(pane)
        view = pane.view
        assert view is not None
        row = next(i for i, one in enumerate(view.rows) if 0 < one.seq < last.seq)
        pane.select_row(row)
        tensor, moves = view.tensor, app.moves
        await pilot.press("enter")
        await app.reached(lambda frame: frame.moves > moves)
        assert session.cursor == view.rows[row].seq
        assert app.selection.tensor == tensor


async def test_the_console_answers_why(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await press(app, pilot, "p", "p")
        for text in ("why x.grad", "why net.nothing"):
            answers = app.answers
            await app.answer(text)
            assert app.answers == answers + 1
        said = plain(app.main.console.log_view._lines)
        name = app.frame.moment.name(X) if app.frame.moment else ""
        assert f"{name}.grad" in said
        assert "no tensor is called net.nothing" in said


def test_a_variable_called_why_is_no_question() -> None:
    assert asks_why("why fc1.weight.grad")
    assert asks_why(" why w")
    for text in ("why", "why = 3", "why.x", "why + 1", "whyever x", "why(2)"):
        assert not asks_why(text), text
