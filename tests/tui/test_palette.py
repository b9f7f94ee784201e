"""The command palette, without the picture that Textual puts before its prompt."""

from __future__ import annotations

from textual.command import SearchIcon

from gradstep.tui.palette import Palette
from tests.tui.conftest import Open


async def test_its_prompt_has_our_mark(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await pilot.press("ctrl+p")
        assert isinstance(app.screen, Palette)
        assert app.screen.query_one(SearchIcon).icon == "»"
        await pilot.press("escape")
