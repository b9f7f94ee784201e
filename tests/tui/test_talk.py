"""What pane 3 and the footer say, and what becomes of it when the screen goes."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest
from textual import events

from gradstep.session import BreakpointBook, SessionError
from gradstep.testing import screen_text
from gradstep.tui import app as tui_app
from gradstep.tui.announce import kept_text
from gradstep.tui.app import GradstepApp
from gradstep.tui.widgets.prompt import PromptInput
from tests.tui.conftest import Open, press
from tests.tui.fake_session import FakeSession

WIDE = (160, 44)


async def test_stdout_goes_back_with_the_cursor(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        prints = [seq for seq, _, _ in session.run.output(session.last)]
        await pilot.press("3", "3")
        await press(app, pilot, "c")
        assert session.cursor == session.last
        assert "iteration 2: done" in screen_text(app)
        app.seek(prints[1] - 1)
        await app.reached(lambda frame: frame.cursor == prints[1] - 1)
        text = screen_text(app)
        assert "iteration 0: done" in text
        assert "iteration 1: done" not in text


async def test_a_warning_stands_with_the_answer(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await pilot.press("e", *"z.grad", "enter")
        await app.reached(lambda _: app.answers >= 1)
        rows = [row for row in screen_text(app).splitlines() if "│" in row]
        (at,) = (i for i, row in enumerate(rows) if "▲ UserWarning: z is no leaf" in row)
        assert "tensor([6.])" in rows[at + 1]


async def test_breakpoints_of_before_are_told_once(trace_path: Path) -> None:
    before = BreakpointBook("two_scalars.py")
    before.add("step")
    before.enable(before.add("op:relu").id, False)
    session = FakeSession(trace_path)

    async def opener() -> FakeSession:
        return session

    app = GradstepApp(opener, script="two_scalars.py")
    async with app.run_test(size=WIDE) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        await press(app, pilot, "s", "s")
        told = "2 breakpoints kept from before: step; op:relu (off) · B lists them"
        assert screen_text(app).count(told) == 1
    session.trace.close()


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("step",), "1 breakpoint kept from before: step · B lists them"),
        (tuple("123456"), "6 breakpoints kept from before: 1; 2; 3; 4; and 2 more · B lists them"),
    ],
)
def test_what_is_kept_fits_in_a_line(texts: tuple[str, ...], said: str) -> None:
    assert kept_text(texts) == said


async def test_nothing_kept_is_not_told(open_app: Open) -> None:
    async with open_app(WIDE) as (app, _, _):
        assert "kept from before" not in screen_text(app)


async def test_last_change_takes_the_tensor_of_the_event(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        updates = [e.seq for e in session.run.events(1, None, {"updated"}) if e.name == "x"]
        session.head = session.last
        app.seek(updates[1])
        await app.reached(lambda frame: frame.cursor == updates[1])
        moves = app.moves
        await pilot.press("L")
        await app.reached(lambda frame: frame.moves > moves)
        assert app.frame.cursor == updates[0]
        said = f"x was last changed by event {updates[0]}: updated x"
        assert screen_text(app).count(said) == 2, "in the console and in the footer"
        assert app.selection.tensor is not None
        assert app.frame.moment is not None
        assert app.frame.moment.name(app.selection.tensor) == "x"


async def test_last_change_takes_the_selected_tensor_and_keeps_it(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        session.head = session.last
        y = session.run.at(session.last).tensor_named("y")
        assert y is not None
        app.seek(session.last)
        await app.reached(lambda frame: frame.cursor == session.last)
        updates = [e.seq for e in session.run.events(1, None, {"updated"}) if e.name == "y"]
        app.show_tensor(y)
        for seq in reversed(updates):
            await pilot.press("L")
            await app.reached(partial(_stands_at, seq))
            assert app.selection.tensor == y


def _stands_at(seq: int, frame: object) -> bool:
    return getattr(frame, "cursor", 0) == seq


async def test_last_change_of_what_never_changed_stays_and_says_so(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "p", "p")
        x2 = next(e.seq for e in session.run.events(1, None, {"op"}))
        made = session.run.tensors(x2)[-1].tensor
        assert made is not None
        app.seek(x2)
        await app.reached(lambda frame: frame.cursor == x2)
        app.show_tensor(made)
        await pilot.press("L")
        await pilot.pause()
        assert "has not changed before this event" in screen_text(app).splitlines()[-1]
        assert app.frame.cursor == x2


async def test_the_scripts_terminal_is_as_large_as_the_pane(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await pilot.press("3", "3")
        await pilot.pause()
        size = app.main.stdout.log_view.outer_size
        # The bar at the right edge is no place for text.
        assert session.sizes[-1] == (size.width - 1, size.height)
        await pilot.resize_terminal(120, 30)
        await pilot.pause()
        smaller = app.main.stdout.log_view.outer_size
        assert smaller.width < size.width
        assert smaller.height < size.height
        assert session.sizes[-1] == (smaller.width - 1, smaller.height)


async def test_what_comes_after_the_screen_is_not_painted(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        # given a motion that is in flight when the application is torn down
        session.hold = asyncio.Event()
        await pilot.press("p")
        await app.reached(lambda frame: frame.state == "running")
    # when it ends, and something is said, with nothing left to paint on
    session.hold.set()
    app.say("late", "warning")
    app.paint_now()
    # then nothing happens
    assert not app.has_screen


def test_a_launch_that_fails_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def failing(launch: object, open_path: object, breakpoints: object) -> object:
        async def opener() -> FakeSession:
            raise SessionError("python cannot be started: no such file\nand more")

        return opener, "train.py"

    monkeypatch.setattr(tui_app, "opener_for", failing)
    plain = GradstepApp.run
    monkeypatch.setattr(GradstepApp, "run", lambda self: plain(self, headless=True))
    assert tui_app.run_app(open_path=tmp_path) == 2
    assert capsys.readouterr().err == "gradstep: python cannot be started: no such file\n"


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
async def test_pasted_lines_go_where_they_can(open_app: Open, newline: str) -> None:
    async with open_app() as (app, pilot, session):

        async def paste(*lines: str) -> None:
            app.post_message(events.Paste(newline.join(lines)))
            await pilot.pause()

        await paste("s", "q")
        assert not session.motions_begun
        await pilot.press("e")
        await paste("    a = 1", "    b = a + 1", "")
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert session.asked == ["a = 1\nb = a + 1"]
        await pilot.press("3", "3", "tab")
        await paste("one", "two", "")
        await pilot.press("enter")
        await pilot.pause()
        assert session.typed == ["one\ntwo\n"]
        await pilot.press("escape", "g")
        await paste("1", "")
        prompt = app.screen.query_one(PromptInput)
        assert prompt.value == "1"
        await paste("2", "3")
        assert prompt.value == "12 3"
