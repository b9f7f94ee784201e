"""The footer offers what is of use here and now, and as much of it as fits."""

from __future__ import annotations

import pytest

from gradstep.testing import screen_text
from gradstep.tui.actions import BY_ID, Command, key_text
from gradstep.tui.footer import GROUPS, Here, footer
from gradstep.views.text import plain, width_of
from tests.tui.conftest import Open, press

WIDE, NARROW = 111, 71
"""What is left of 120 and of 80 columns beside the help."""


def key_of(command: Command) -> str:
    return key_text(command.keys[0])


def text(here: Here, width: int) -> str:
    return plain([footer(here, width, key_of)[0]])


def test_a_wide_screen_has_the_motions_and_the_views() -> None:
    shown = text(Here(), WIDE)
    for part in ("s step", "⇧ back", "b break", "e eval", "k connect", "y why", "o loss", "v grad"):
        assert part in shown
    assert "z zoom" in shown


def test_a_narrow_screen_keeps_what_matters_most() -> None:
    assert text(Here(), NARROW) == (
        "s step  n line  p phase  i iter  c cont   b break  e eval   k connect"
    )


@pytest.mark.parametrize(
    ("here", "offered", "missing"),
    [
        (Here("running"), "space pause", "s step"),
        (Here("past"), ". now", "space"),
        (Here("paused", "inspect", at_step=True), "x skip  = set", "b break"),
        (Here("paused", "connection"), "k back", "k connect"),
        (Here("exited"), "q quit", "space"),
    ],
)
def test_it_is_about_here_and_now(here: Here, offered: str, missing: str) -> None:
    shown = text(here, 200)
    assert offered in shown
    assert missing not in shown


def test_each_key_is_where_a_click_finds_it() -> None:
    for here in (Here(), Here("running"), Here("past", "graph")):
        for width in range(20, 160, 7):
            row, spans = footer(here, width, key_of)
            assert width_of(row) <= width
            shown = plain([row]).ljust(width)
            for start, end, command in spans:
                assert shown[start:end].startswith(f"{key_of(command)} ")


def test_what_the_footer_offers_has_a_word_and_a_rank() -> None:
    for entry in (entry for group in GROUPS for entry in group):
        assert BY_ID[entry.id].short
        assert BY_ID[entry.id].rank < 99


async def test_the_pane_with_the_focus_counts(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p")
        await pilot.press("4")
        await pilot.pause()
        assert "b break" not in screen_text(app).splitlines()[-1]
        await pilot.press("2")
        await pilot.pause()
        assert "b break" in screen_text(app).splitlines()[-1]
