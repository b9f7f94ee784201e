"""What the help teaches about each pane, and that it is true of the screen."""

from __future__ import annotations

import re

from gradstep.testing import screen_text
from gradstep.tui.pane_keys import PANE_KEYS
from gradstep.tui.reading import READINGS
from gradstep.tui.widgets.prompt import PromptInput
from gradstep.views.glyphs import UNICODE
from tests.tui.conftest import Open

KEY_NAMES = {
    "Enter": "enter",
    "Tab": "tab",
    "Delete": "delete",
    "Esc": "escape",
    "PgUp": "pageup",
    "PgDn": "pagedown",
    "Home": "home",
    "End": "end",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
    "<": "less_than_sign",
    ">": "greater_than_sign",
    "=": "equals_sign",
    ":": "colon",
    "/": "slash",
    "~": "tilde",
    "^l": "ctrl+l",
    "^o": "ctrl+o",
}
MOUSE = {"click", "clicks", "2"}


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


async def test_every_key_that_the_help_names_does_something_in_its_pane(open_app: Open) -> None:
    async with open_app((120, 50)) as (app, pilot, _):
        for pane in app.main.panes():
            for name, title in pane.tabs:
                pane.active = name
                app.main.focus_pane(pane.id or "")
                await pilot.pause()
                assert app.focused is not None
                bound = dict(app.main.active_bindings)
                # Numbers answer only while a question waits, and else lead to panes.
                for key in () if title == "Lesson" else PANE_KEYS.get(title, ()):
                    node = bound[key.keys].node
                    # No command of the whole screen stands in its way.
                    assert node in app.focused.ancestors_with_self, (title, key.text)
                    assert node is not app, (title, key.text)
                rows = app.focused
                for prompt in pane.content().query(PromptInput):
                    prompt.focus()
                    await pilot.pause()
                    bound |= app.main.active_bindings
                for keys, meaning in READINGS[name].keys:
                    named = [word for word in keys.split() if word not in MOUSE]
                    named += re.findall("PgUp|PgDn|Home|End", meaning)
                    for word in named:
                        assert KEY_NAMES.get(word, word) in bound, (name, word)
                told = getattr(rows, "HELP", "") or getattr(pane.content(), "HELP", "")
                assert told, name
                signs = {sign for signs, _ in READINGS[name].signs for sign in signs.split()}
                for letter in re.findall(r"(?<![\w.`])([b-zB-Z<>=+~0-9-])(?![\w./])", told):
                    names = {"+": "plus", "-": "minus", **KEY_NAMES}
                    assert letter in signs or names.get(letter, letter) in bound, (name, letter)
        app.main.timeline.focus()
        await pilot.pause()
        bound = app.main.active_bindings
        for key in PANE_KEYS["Timeline"]:
            assert bound[key.keys].node is app.main.timeline


def test_signs_that_are_glyphs_are_those_that_are_drawn() -> None:
    drawn = {getattr(UNICODE, field) for field in UNICODE.__dataclass_fields__}
    drawn |= set("".join(drawn)) | set("»■·+▁▃▆|!…<>=")
    for reading in READINGS.values():
        for sign, _ in reading.signs:
            for character in sign:
                assert character.isalnum() or character in drawn or character in " .,[]%/", sign
