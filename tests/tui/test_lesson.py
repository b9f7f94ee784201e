"""The tab Lesson: T begins one, p goes from question to verdict, numbers answer."""

from __future__ import annotations

from gradstep.testing import open_debugger, screen_text
from gradstep.views.text import plain
from tests.conftest import ROOT
from tests.tui.conftest import Open, press


async def test_a_lesson_asks_and_judges_in_a_running_script() -> None:
    async with open_debugger(ROOT / "scenarios" / "two_scalars.py") as (app, pilot):
        await pilot.press("T")
        assert app.lesson is not None
        await press(app, pilot, "p")
        # Stopped where zero_grad begins: nothing of it has happened yet.
        moment = app.frame.moment
        assert moment is not None
        assert (moment.event.kind, moment.event.phase) == ("phase_entered", "zero_grad")
        assert app.main.pane("talk").active == "lesson-view"
        assert app.focused is app.main.lesson
        await press(app, pilot, "2")
        moment = app.frame.moment
        assert moment is not None
        assert (moment.event.kind, moment.event.phase) == ("phase_exited", "zero_grad")
        assert app.lesson.answered == 1
        assert app.lesson.right == 1
        shown = plain(app.main.lesson.shown.lines)
        assert "nothing: there is nothing to clear" in shown
        assert "1 of 1 right" in shown


async def test_enter_and_a_click_answer_and_p_skips(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, session):
        run = session.run
        await pilot.press("T")
        asked = ("forward", "backward")  # the others' optimizer is not told in this trace
        rows = run.events(1, None, {"phase_entered"})
        begins = [row.seq for row in rows if row.phase in asked]
        app.seek(begins[0])
        await app.reached(lambda frame: frame.cursor == begins[0])
        assert app.lesson is not None
        assert app.lesson.waits
        assert "lesson's question" in screen_text(app)
        await press(app, pilot, "enter")
        assert app.lesson.answered == 1
        assert "lesson's question" not in screen_text(app)

        app.seek(begins[1])
        await app.reached(lambda frame: frame.cursor == begins[1])
        first = app.main.lesson.shown.first_choice
        assert first is not None
        moves = app.moves
        await pilot.click(app.main.lesson, offset=(4, first + 1))
        await app.reached(lambda frame: frame.moves > moves)
        assert app.lesson.answered == 2
        assert app.lesson.result is not None
        assert app.lesson.result.chosen == 1

        app.seek(begins[2])
        await app.reached(lambda frame: frame.cursor == begins[2])
        await press(app, pilot, "p")
        assert app.lesson.answered == 2
        assert not app.lesson.waits


async def test_t_ends_a_lesson_and_p_is_the_old_p_again(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        assert "T begins a lesson" in plain(app.main.lesson.shown.lines)
        await pilot.press("T", "T")
        assert app.lesson is None
        assert "the lesson is over: 0 of 0 right" in plain(app.main.console.log_view._lines)
        app.seek(1)
        await app.reached(lambda frame: frame.cursor == 1)
        await press(app, pilot, "p")
        assert app.frame.moment is not None
        assert app.frame.moment.event.kind == "phase_exited"


async def test_numbers_lead_to_panes_while_nothing_is_asked(open_app: Open) -> None:
    async with open_app(live=False) as (app, pilot, _):
        await pilot.press("T")
        app.main.lesson.focus()
        await pilot.pause()
        assert app.focused is app.main.lesson
        assert not app.is_asked
        await pilot.press("2")
        assert app.main.graph.rows.has_focus
        assert app.lesson is not None
        assert app.lesson.answered == 0


async def test_the_capital_goes_back_through_beginnings_and_ends() -> None:
    async with open_debugger(ROOT / "scenarios" / "two_scalars.py") as (app, pilot):
        await pilot.press("T")
        forth = []
        for _ in range(5):
            forth.append(app.frame.cursor)
            await press(app, pilot, "p")
        back = []
        for _ in range(5):
            await press(app, pilot, "P")
            back.append(app.frame.cursor)
        assert back == forth[::-1]
        assert len(set(back)) == 5
