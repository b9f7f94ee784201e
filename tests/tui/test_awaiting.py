"""A script that reads its stdin is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from gradstep.testing import open_debugger, screen_text
from gradstep.tui.awaiting import Awaiting


def test_an_unfinished_line_that_stands_still_is_a_question() -> None:
    awaiting = Awaiting()
    assert awaiting.question("running", 3, "a\nhow many? ") == ""
    assert awaiting.question("running", 3, "a\nhow many? ") == "how many?"
    assert awaiting.question("running", 4, "a\nhow many? ") == ""
    assert awaiting.question("paused", 4, "a\nhow many? ") == ""


@pytest.mark.parametrize("printed", ["", "a line\n", "a line\n  ", "\r 10%|#"])
def test_other_output_is_none(printed: str) -> None:
    awaiting = Awaiting()
    for _ in range(3):
        assert awaiting.question("running", 3, printed) == ""


async def test_the_footer_tells_how_to_answer(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text('n = int(input("how many? "))\nprint("got", n + 1)\n', "utf-8")
    async with open_debugger(script) as (app, pilot):
        await pilot.press("c")
        await app.reached(lambda frame: frame.state == "running")
        for _ in range(2):
            app._look_for_question()
            # Until its question has come the script only seems to be busy.
            while not (app.session and "how many?" in app.session.printed()):
                await pilot.pause()
        app._look_for_question()
        app._look_for_question()
        await pilot.pause()
        assert "input? how many? · press e, type the line, Enter" in screen_text(app)
        assert "? INPUT?" in screen_text(app)
        assert "RUNNING" not in screen_text(app)
        await pilot.press("3", "3", "tab", "4", "1", "enter")
        await app.reached(lambda frame: frame.state == "exited")
        assert app.session is not None
        assert "got 42" in app.session.printed()
        assert "INPUT?" not in screen_text(app)
        assert "input? how many?" not in screen_text(app)
        # What is over reads no input any more.
        assert app.focused is app.main.stdout.log_view
        assert not app.main.stdout.prompt.is_on_screen


async def test_e_goes_to_the_script_s_input_while_it_asks(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text('n = int(input("how many? "))\nprint("got", n + 1)\n', "utf-8")
    async with open_debugger(script) as (app, pilot):
        await pilot.press("c")
        await app.reached(lambda frame: frame.state == "running")
        assert app.session is not None
        while not app.asks_for_input():
            app._look_for_question()
            await pilot.pause()
        await pilot.press("e")
        assert app.focused is app.main.stdout.prompt
        await pilot.press("4", "1", "enter")
        await app.reached(lambda frame: frame.state == "exited")
        assert "got 42" in app.session.printed()
        assert not app.asks_for_input()
