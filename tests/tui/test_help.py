"""What the help teaches about each pane, and that it is true of the screen."""

from __future__ import annotations

import pytest

from gradstep.testing import screen_text
from gradstep.tui.actions import COMMANDS
from gradstep.tui.reading import READINGS
from gradstep.views.glyphs import UNICODE
from tests.tui.conftest import Open

KEY_NAMES = {
    "Enter",
    "Tab",
    "Delete",
    "click",
    "clicks",
    "2",
    "↑",
    "↓",
    "←",
    "→",
    "<",
    ">",
    "k",
    "j",
}
IN_PANES = {"d"}
"""Keys that the panes themselves know."""


async def test_every_pane_says_what_it_shows_how_to_read_it_and_its_keys(open_app: Open) -> None:
    async with open_app((120, 50)) as (app, pilot, _):
        tabs = [(pane, name) for pane in app.main.panes() for name, _ in pane.tabs]
        for pane, name in tabs:
            pane.active = name
            app.main.focus_pane(pane.id or "")
            await pilot.press("f1")
            await pilot.pause()
            text = screen_text(app)
            assert name in READINGS, "write in tui/reading.py how to read this tab"
            assert "How to read it" in text, name
            assert "Keys and mouse in this pane" in text, name
            reading = READINGS[name]
            assert all(f"  {sign}" in text for sign, _ in (*reading.signs, *reading.keys)), name
            await pilot.press("escape")
            await pilot.pause()
        assert {name for _, name in tabs} == set(READINGS)


@pytest.mark.parametrize("name", READINGS)
def test_keys_of_a_pane_are_keys(name: str) -> None:
    known = {key for command in COMMANDS for key in command.keys}
    aliases = {"=": "equals_sign", ":": "colon", "/": "slash", "^l": "ctrl+l"}
    for keys, _ in READINGS[name].keys:
        for key in keys.split():
            assert aliases.get(key, key) in known | KEY_NAMES | IN_PANES, key


def test_signs_that_are_glyphs_are_those_that_are_drawn() -> None:
    drawn = {getattr(UNICODE, field) for field in UNICODE.__dataclass_fields__}
    drawn |= set("".join(drawn)) | set("»■·+▁▃▆|!…<>=")
    for reading in READINGS.values():
        for sign, _ in reading.signs:
            for character in sign:
                assert character.isalnum() or character in drawn or character in " .,[]%/", sign
