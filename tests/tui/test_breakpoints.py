"""Breakpoints on the screen: w, the dialog with its list, what logpoints said."""

from __future__ import annotations

from textual.pilot import Pilot
from textual.widgets import Input

from gradstep.session import Stop
from gradstep.session.remarks import Remark
from gradstep.testing import screen_text
from gradstep.tui.announce import Announcer
from gradstep.tui.app import GradstepApp
from gradstep.tui.frame import Selection
from gradstep.tui.screens.breakpoint import BreakpointScreen
from tests.tui.conftest import Open, press
from tests.tui.fake_session import FakeSession
from tests.tui.recording import X

WIDE = (160, 44)


def texts(session: FakeSession) -> list[str]:
    return [item.text for item in session.breakpoints.list()]


async def open_dialog(app: GradstepApp, pilot: Pilot[int]) -> Input:
    await pilot.press("B")
    await pilot.pause()
    assert isinstance(app.screen, BreakpointScreen)
    return app.screen.query_one(Input)


async def test_w_breaks_on_a_change_of_what_is_selected_and_takes_it_back(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "i")
        app.selection = Selection(tensor=X)
        await pilot.press("w")
        await pilot.pause()
        assert texts(session) == ["change:x"]
        assert "breakpoint change:x set" in screen_text(app)
        await pilot.press("v", "w")
        await pilot.pause()
        assert texts(session) == ["change:x", "change:x.grad"]
        await pilot.press("w")
        await pilot.press("v", "w")
        await pilot.pause()
        assert texts(session) == []
        assert "breakpoint change:x removed" in screen_text(app)


async def test_w_takes_a_row_of_locals_and_of_the_optimizer(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "i")
        await pilot.press("4", "4", "4", "down", "up", "w")
        await pilot.pause()
        assert texts(session) == ["change:x"]
        await pilot.press("w", "4", "4", "down", "w")
        await pilot.pause()
        assert len(texts(session)) == 1
        assert texts(session)[0].startswith("change:")


async def test_w_says_why_there_is_nothing_to_look_at(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "p", "p")
        moment = app.frame.moment
        assert moment is not None
        made = next(
            u.tensor
            for e in session.run.events(1, None, {"op"})
            for u in session.run.tensors(e.seq)
            if u.role == "output"
        )
        app.selection = Selection(tensor=made, what="grad")
        await pilot.press("w")
        await pilot.pause()
        assert texts(session) == []
        assert "keeps no gradient: only leaves do" in screen_text(app)


async def test_what_is_wrong_is_said_while_typing(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        prompt = await open_dialog(app, pilot)
        prompt.value = "stepp if loss >"
        await pilot.pause()
        assert "… the condition 'loss >' is not valid Python" in screen_text(app)
        prompt.value = "stepp if loss > 1"
        await pilot.pause()
        assert "did you mean 'step'?" in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert "✗ unknown breakpoint 'stepp'" in screen_text(app)
        prompt.value = "step if loss > 1"
        await pilot.pause()
        assert "unknown breakpoint" not in screen_text(app)
        await pilot.press("enter")
        await pilot.pause()
        assert texts(session) == ["step if loss > 1"]
        assert prompt.value == ""


async def test_the_list_tells_hits_and_what_can_never_be_met(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        book = session.breakpoints
        for text in ("step", "finding", 'op:relu log "{name}"', "iteration after 2"):
            book.add(text)
        book.note_hits([(1, 3)])
        book.enable(4, False)
        await open_dialog(app, pilot)
        rows = screen_text(app).splitlines()

        def row(text: str) -> str:
            return next(one for one in rows if text in one).strip("│ ")

        assert "● step" in row("● step")
        assert row("● step").rstrip("│ ").endswith("3 hits")
        assert "▲ gradstep has no findings yet" in row("findings yet")
        assert "» op:relu log" in row("op:relu log")
        assert "iteration after 2" in row("iteration after 2")
        assert "off" in row("iteration after 2")


async def test_one_is_changed_in_its_place_and_all_are_switched(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        book = session.breakpoints
        for text in ("step", "backward", "forward"):
            book.add(text)
        prompt = await open_dialog(app, pilot)
        await pilot.press("shift+tab", "home", "down", "enter")
        await pilot.pause()
        assert prompt.value == "backward"
        assert "edited below" in screen_text(app)
        prompt.value = "backward after 3"
        await pilot.press("enter")
        await pilot.pause()
        assert texts(session) == ["step", "backward after 3", "forward"]
        await pilot.press("shift+tab", "a")
        await pilot.pause()
        assert not any(item.enabled for item in book.list())
        await pilot.press("a", "home", "space", "down", "d")
        await pilot.pause()
        assert [(item.text, item.enabled) for item in book.list()] == [
            ("step", False),
            ("forward", True),
        ]


async def test_what_logpoints_say_stands_in_the_console(open_app: Open) -> None:
    async with open_app(WIDE) as (app, _, session):
        session.remarks.add(Remark(34, "loss 0.25"))
        session.remarks.add(Remark(0, "breakpoint op:x: no such operation", failed=True))
        app.paint_now()
        app.paint_now()
        text = screen_text(app)
        assert text.count("» event 34: loss 0.25") == 1
        assert text.count("▲ breakpoint op:x: no such operation") == 1


async def test_of_a_flood_of_logpoints_the_end_is_said(open_app: Open) -> None:
    async with open_app(WIDE) as (app, _, session):
        for number in range(700):
            session.remarks.add(Remark(number + 1, "again"))
        said: list[str] = []
        Announcer().announce(app.frame, lambda text, style, mark: said.append(text))
        assert said[0] == "200 lines of logpoints left out"
        assert said[1:501] == [f"event {number + 1}: again" for number in range(200, 700)]


async def test_a_stop_at_a_change_is_in_the_footer_too(open_app: Open) -> None:
    async with open_app((80, 24)) as (app, _, session):
        session.stop = Stop("breakpoint", 1, (1,), "breakpoint change:x · x changed by hand: 1 → 2")
        app.paint_now()
        assert "■ breakpoint change:x · x changed by hand: 1 → 2" in screen_text(app)


async def test_in_the_past_hits_are_counted_by_the_cursor(open_app: Open) -> None:
    async with open_app(WIDE, live=False) as (app, pilot, session):
        session.breakpoints.add("backward", save=False)
        await press(app, pilot, "p")
        await pilot.press("B")
        await app.workers.wait_for_complete([w for w in app.workers if w.group == "count"])
        assert f"{session.cursor} hits by here" in screen_text(app)
