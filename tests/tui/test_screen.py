"""Layout, keys and states, with a session in this process."""

from __future__ import annotations

import asyncio

import pytest

from gradstep.testing import screen_text
from gradstep.tui.screens.breakpoint import BreakpointScreen
from gradstep.tui.screens.goto import GotoScreen
from gradstep.tui.screens.help import HelpScreen
from tests.tui.conftest import Open, press
from tests.tui.recording import LINES, SOURCE

WIDE, NARROW = (120, 40), (80, 24)


@pytest.mark.parametrize("size", [WIDE, NARROW, (20, 5), (200, 60), (100, 12), (1, 1)])
async def test_survives_any_size(open_app: Open, size: tuple[int, int]) -> None:
    async with open_app(size) as (app, pilot, _):
        await press(app, pilot, "p", "s", "S", "P")
        await pilot.press("1", "2", "3", "4", "z", "z", "question_mark", "escape")
        assert app.is_running
        assert len(screen_text(app).split("\n")) == size[1]


async def test_wide_shows_four_panes(open_app: Open) -> None:
    async with open_app(WIDE) as (app, _, _):
        text = screen_text(app)
        for title in ("1 Source", "2 Graph", "3 Console │ Stdout", "4 Tensor │ Optimizer │ Locals"):
            assert title in text
        assert "s step  n line  p phase" in text
        assert "? help" in text


async def test_narrow_stacks_the_first_three(open_app: Open) -> None:
    async with open_app(NARROW) as (app, pilot, _):
        assert "1 Source │ 2 Graph │ 3 Console" in screen_text(app)
        assert app.main.pane("source").display
        assert not app.main.pane("graph").display
        await pilot.press("2")
        await pilot.pause()
        assert app.main.pane("graph").display
        assert not app.main.pane("source").display
        assert app.main.pane("inspect").display
        assert "1 Source │ 2 Graph │ 3 Console" in screen_text(app)


async def test_resizing_arranges_live(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert not app.main.pane("graph").display
        await pilot.resize_terminal(120, 40)
        await pilot.pause()
        assert all(pane.display for pane in app.main.panes())


async def test_footer_shows_six_on_a_narrow_screen(open_app: Open) -> None:
    async with open_app(NARROW) as (app, _, _):
        footer = screen_text(app).split("\n")[-1]
        assert len(footer) <= 80
        assert footer.endswith("? help")
        for word in ("step", "phase", "line", "iter", "cont"):
            assert word in footer


@pytest.mark.parametrize(
    ("key", "name", "backward"),
    [
        ("s", "step", False),
        ("S", "step", True),
        ("f11", "step", False),
        ("n", "line", False),
        ("N", "line", True),
        ("f10", "line", False),
        ("p", "phase", False),
        ("P", "phase", True),
        ("i", "iteration", False),
        ("I", "iteration", True),
        ("f", "finish", False),
        ("F", "finish", True),
        ("c", "continue", False),
        ("C", "continue", True),
        ("f5", "continue", False),
    ],
)
async def test_motion_keys(open_app: Open, key: str, name: str, backward: bool) -> None:
    async with open_app(NARROW) as (app, pilot, session):
        await session.seek(12)
        session.head = 12
        await press(app, pilot, key)
        assert session.motions_begun == [(name, backward)]


async def test_held_keys_do_not_pile_up(open_app: Open) -> None:
    async with open_app(NARROW) as (app, pilot, session):
        session.hold = asyncio.Event()
        for _ in range(20):
            await pilot.press("s")
        assert len(session.motions_begun) == 1
        session.hold.set()
        await app.reached(lambda frame: frame.moves >= 1)
        await pilot.pause()
        assert len(session.motions_begun) <= 2


async def test_space_and_ctrl_c_pause_a_running_script(open_app: Open) -> None:
    for key in ("space", "ctrl+c"):
        async with open_app(NARROW) as (app, pilot, session):
            session.hold = asyncio.Event()
            await pilot.press("c")
            await app.reached(lambda frame: frame.state == "running")
            assert "RUNNING" in screen_text(app)
            await pilot.press(key)
            await app.reached(lambda frame: frame.moves >= 1)
            assert app.is_running
            assert not session.killed


async def test_ctrl_c_in_the_prompt_pauses_too(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        session.hold = asyncio.Event()
        await pilot.press("c")
        await app.reached(lambda frame: frame.state == "running")
        await pilot.press("e", "x", "ctrl+c")
        await app.reached(lambda frame: frame.moves >= 1)
        assert app.is_running


async def test_the_past_says_so_and_dot_returns(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "p", "p", "P")
        title = screen_text(app).split("\n")[0]
        assert "PAST" in title
        assert f"event {session.cursor} of {session.head}" in title
        await press(app, pilot, "full_stop")
        assert session.at_edge
        assert "PAUSED" in screen_text(app).split("\n")[0]


async def test_the_end_of_the_script_is_told(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await press(app, pilot, "c")
        assert "exit status 0" in screen_text(app)
        assert "ENDED" in screen_text(app).split("\n")[0]


async def test_a_killed_script_is_told(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "p", "p")
        session.state, session.exit_status = "exited", -9
        session.changed()
        await app.reached(lambda frame: frame.state == "exited")
        text = screen_text(app)
        assert "killed by SIGKILL" in text
        assert "2 Graph" in text
        assert app.is_running


async def test_a_recorded_run_opens(open_app: Open) -> None:
    async with open_app(WIDE, live=False) as (app, pilot, session):
        assert "RECORDED" in screen_text(app).split("\n")[0]
        await press(app, pilot, "p", "p")
        assert session.cursor > 1
        await pilot.press("R")
        await pilot.pause()
        assert "cannot be started again" in screen_text(app)


async def test_goto(open_app: Open) -> None:
    async with open_app(WIDE, live=False) as (app, pilot, session):
        await pilot.press("g")
        await pilot.pause()
        assert isinstance(app.screen, GotoScreen)
        await pilot.press(*"9999", "enter")
        await pilot.pause()
        assert "no event 9,999" in screen_text(app)
        app.screen.query_one("Input").clear()  # type: ignore[attr-defined]
        await pilot.press(*"s2", "enter")
        await app.reached(lambda frame: frame.moves >= 1)
        assert session.run.event(session.cursor).step == 2


async def test_toggle_breakpoint_at_the_selected_line(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "p", "p")
        await pilot.press("1", "b")
        await pilot.pause()
        (point,) = session.breakpoints.list()
        assert point.text.endswith(str(app.main.source.selected_line))
        assert "●" in screen_text(app)
        await pilot.press("b")
        assert session.breakpoints.list() == []


async def test_a_breakpoint_on_a_comment_goes_to_the_next_line_with_code(open_app: Open) -> None:
    call = LINES["z.backward()"]
    comment = call - 2
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "p", "p")
        app.toggle_line(app.main.source.file, comment)
        await pilot.pause()
        assert [point.text for point in session.breakpoints.list()] == [str(call)]
        told = f"line {comment} has no code: the breakpoint is on line {call}"
        assert told in " ".join(screen_text(app).split())
        # Once more it is not taken away: nobody pointed at it.
        app.toggle_line(app.main.source.file, comment + 1)
        await pilot.pause()
        assert [point.text for point in session.breakpoints.list()] == [str(call)]
        app.toggle_line(app.main.source.file, len(SOURCE.splitlines()) + 1)
        await pilot.pause()
        assert "there is no code on line" in screen_text(app)
        assert len(session.breakpoints.list()) == 1


async def test_breakpoint_dialog_shows_the_error_inline(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await pilot.press("B")
        await pilot.pause()
        assert isinstance(app.screen, BreakpointScreen)
        await pilot.press(*"stepp", "enter")
        await pilot.pause()
        assert "did you mean 'step'" in screen_text(app)
        await pilot.press("backspace", "enter")
        await pilot.pause()
        assert [item.text for item in session.breakpoints.list()] == ["step"]
        await pilot.press("escape")
        await pilot.pause()
        assert len(app.screen_stack) == 2


async def test_console_answers_and_remembers(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await press(app, pilot, "p")
        await pilot.press("e", *"x.grad", "enter")
        await app.reached(lambda _: app.answers >= 1)
        await pilot.press(*"boom", "enter")
        await app.reached(lambda _: app.answers >= 2)
        text = screen_text(app)
        assert "» x.grad" in text
        assert "tensor([6.])" in text
        assert "NameError: name 'boom' is not defined" in text
        await pilot.press("up", "up")
        assert app.main.console.prompt.value == "x.grad"
        await pilot.press("escape", "escape", "s")
        assert ("step", False) in session.motions_begun


async def test_output_goes_to_the_stdout_tab_as_of_the_cursor(open_app: Open) -> None:
    async with open_app(WIDE, live=False) as (app, pilot, session):
        await pilot.press("3", "3")
        await pilot.pause()
        assert "printed nothing yet" in screen_text(app)
        await session.to_edge()
        await app.reached(lambda frame: frame.cursor == session.last)
        await pilot.pause()
        assert "iteration 2: done" in screen_text(app)


async def test_graph_row_selects_its_tensor(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        await pilot.press("2", "home", "down")
        await pilot.pause()
        row = app.main.graph.selected
        assert row is not None
        assert app.selection.tensor == row.output
        assert app.selection.seq == row.seq
        await press(app, pilot, "S")
        assert app.selection.seq is None


async def test_v_switches_value_and_gradient(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await pilot.press("v")
        assert app.selection.what == "grad"
        await pilot.press("v")
        assert app.selection.what == "value"


async def test_v_on_a_graph_row_shows_the_gradient_that_arrived(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        await pilot.press("2", "home", "v")
        await pilot.pause()
        text = screen_text(app)
        assert ".grad None  passed: 3.0000" in text
        assert "is no leaf" in text
        # d z / d x² of z = 3 x² + y³
        assert app.main.tensor.view is not None
        assert "3.0000" in text.split("4 Tensor")[1]


async def test_zoom_gives_the_pane_the_screen(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await pilot.press("2", "z")
        await pilot.pause()
        assert [pane.id for pane in app.main.panes() if pane.display] == ["graph"]
        await pilot.press("z")
        await pilot.pause()
        assert all(pane.display for pane in app.main.panes())


async def test_number_again_shows_the_next_tab(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await pilot.press("4", "4")
        await pilot.pause()
        assert app.main.pane("inspect").active == "optimizer-view"
        await pilot.press("4")
        await pilot.pause()
        assert app.main.pane("inspect").active == "locals-view"


async def test_help_tells_the_pane_and_all_keys(open_app: Open) -> None:
    async with open_app((120, 60)) as (app, pilot, _):
        await pilot.press("2", "question_mark")
        await pilot.pause()
        assert isinstance(app.screen, HelpScreen)
        await pilot.pause()
        text = screen_text(app)
        assert "One row per operation" in text
        assert "Forward in time" in text


async def test_find_goes_to_the_text(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await press(app, pilot, "p")
        await pilot.press("1", "slash", *"step()")
        await pilot.pause()
        source = app.main.source
        assert source.view is not None
        if source.view.lines:
            assert "step()" in source.view.lines[source.row].text
        await pilot.press("escape")
        await pilot.pause()
        assert not app.main.find_bar.display


async def test_quit_ends_the_script(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        await pilot.press("q")
        await pilot.pause()
        assert session.killed
        assert app.return_code == 0


async def test_both_themes_paint(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        before = screen_text(app)
        await pilot.press("f2")
        await pilot.pause()
        assert app.theme == "gradstep-light"
        assert screen_text(app) == before
        app.theme = "nord"
        await pilot.pause()
        assert screen_text(app) == before


async def test_palette_finds_commands(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await pilot.press("ctrl+p")
        await pilot.pause()
        await pilot.press(*"restart")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "Restart" in screen_text(app)


async def test_the_prompts_stand_at_the_bottom_of_their_panes(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        for pane in (app.main.console, app.main.stdout):
            app.main.pane("talk").active = pane.id or ""
            await pilot.pause()
            assert pane.prompt.region.y == pane.region.bottom - 1


async def test_narrow_explains_beside_the_source(open_app: Open) -> None:
    async with open_app(NARROW) as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        await pilot.pause()
        assert "leaves got contributions" in screen_text(app)
        # With the focus, the tensor has the pane to itself; the graph has the explanation itself.
        await pilot.press("4")
        await pilot.pause()
        assert "leaves got contributions" not in screen_text(app)
        await pilot.press("2")
        await pilot.pause()
        assert screen_text(app).count("leaves got contributions") == 1


async def test_without_a_shell_nothing_is_put_aside(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, _):
        await pilot.press("e", "ctrl+z")
        assert "there is no shell to go back to: q quits" in screen_text(app)
        assert app.is_running


async def test_a_motion_asked_for_during_another_comes_next(open_app: Open) -> None:
    async with open_app(WIDE) as (app, pilot, session):
        session.hold = asyncio.Event()
        await pilot.press("s")
        # As pressed at once, whatever time this machine takes.
        app.in_flight.begin("step")
        app.action_motion("line", backward=False)
        app.action_motion("phase", backward=False)
        session.hold.set()
        await app.reached(lambda frame: frame.moves >= 2)
        assert session.motions_begun == [("step", False), ("phase", False)]
