"""Themes: enough contrast, colours that everybody can tell apart, and no state by colour alone."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from textual.color import Color
from textual.theme import Theme

from gradstep.session.kept import keep, read_kept
from gradstep.settings import Settings
from gradstep.testing import screen_text
from gradstep.tui.app import GradstepApp
from gradstep.tui.paint import Painter, painter_for
from gradstep.tui.screens.theme import ThemeScreen
from gradstep.tui.settled import SCREEN, first_theme, fitting_theme, keep_theme
from gradstep.tui.theme import CONTRAST_DARK, CONTRAST_LIGHT, DARK, LIGHT, THEMES, theme_names
from gradstep.views.glyphs import ASCII, UNICODE
from tests.tui.conftest import Open, press

PHASES = ("zero", "forward", "backward", "step")
TEXTS = (*PHASES, "leaf", "muted", "warning", "error", "success", "primary", "foreground")
CODE = ("code-keyword", "code-name", "code-string", "code-number", "code-function")

# Viénot, Brettel and Mollon 1999, on linear RGB: without the middle cones (deuteranopia)
# and without the long ones (protanopia).
BLIND = {
    "deuteranopia": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
    "protanopia": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def colour_of(theme: Theme, name: str) -> Color:
    variables = theme.to_color_system().generate() | dict(theme.variables)
    return Color.parse(variables[name])


def linear(colour: Color) -> np.ndarray:
    share = np.array(colour.rgb) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def contrast(one: Color, other: Color) -> float:
    """The ratio of WCAG 2, from 1 to 21."""
    light, dark = sorted((np.array(TO_XYZ[1]) @ linear(c) for c in (one, other)), reverse=True)
    return float((light + 0.05) / (dark + 0.05))


def lab(colour: Color, kind: str = "") -> np.ndarray:
    """CIE L*a*b*, as somebody with this kind of colour vision sees it."""
    seen = linear(colour)
    if kind:
        seen = np.clip(np.array(BLIND[kind]) @ seen, 0, 1)
    x, y, z = np.cbrt(np.array(TO_XYZ) @ seen / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_texts_can_be_read_on_their_ground(theme: Theme) -> None:
    is_high = theme in (CONTRAST_DARK, CONTRAST_LIGHT)
    for ground in ("surface", "panel", "background"):
        for name in (*TEXTS, *CODE):
            ratio = contrast(colour_of(theme, name), colour_of(theme, ground))
            least = 7.0 if is_high and ground != "panel" else 4.5 if name != "muted" else 4.0
            assert ratio >= least, (name, ground, ratio)
    for name in (*PHASES, "primary", "warning", "error"):
        assert contrast(colour_of(theme, "chip-text"), colour_of(theme, name)) >= 4.5, name


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_is_selected_can_be_read(theme: Theme) -> None:
    for name in (*PHASES, "leaf", "foreground", *CODE):
        ratio = contrast(colour_of(theme, name), colour_of(theme, "selection"))
        assert ratio >= (4.5 if theme in (CONTRAST_DARK, CONTRAST_LIGHT) else 4.0), (name, ratio)


@pytest.mark.parametrize("kind", ["", *BLIND])
@pytest.mark.parametrize("theme", [DARK, LIGHT, CONTRAST_DARK, CONTRAST_LIGHT])
def test_phases_and_heat_are_told_apart_by_everybody(theme: Theme, kind: str) -> None:
    """A difference of 10 is seen at a glance, one of 2.3 just so (CIE 1976)."""
    pairs = [*itertools.combinations(PHASES, 2), ("heat-low", "heat-high"), ("forward", "error")]
    for one, other in pairs:
        gap = lab(colour_of(theme, one), kind) - lab(colour_of(theme, other), kind)
        assert np.linalg.norm(gap) >= 10, (one, other, kind)


def test_red_and_green_would_not_pass() -> None:
    red, green = Color.parse("#a04030"), Color.parse("#50722a")
    assert np.linalg.norm(lab(red) - lab(green)) > 40
    assert np.linalg.norm(lab(red, "deuteranopia") - lab(green, "deuteranopia")) < 10


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
def test_every_state_has_a_glyph_of_its_own(glyphs: object) -> None:
    """Without colours, what may stand in the same place must still differ."""
    phases = ("zero_grad", "forward", "backward", "step", "other")
    states = ("pending", "current", "done", "none", "cut")
    passed = ("tick", "backward", "pending", "cross")
    points = ("breakpoint", "conditional", "disabled")
    for group in (phases, states, passed, points):
        drawn = [getattr(glyphs, name) for name in group]
        assert len(set(drawn)) == len(drawn), group


async def test_f2_goes_through_our_themes_and_the_choice_is_kept(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        seen = []
        for _ in THEMES:
            await pilot.press("f2")
            seen.append(app.theme)
        assert seen == [theme.name for theme in (*THEMES[1:], THEMES[0])]
        await pilot.press("f2")
    assert first_theme(Settings()) == "gradstep-light"
    async with open_app() as (app, _, _):
        assert app.theme == "gradstep-light"


def test_a_theme_settled_later_counts_more_than_one_chosen_before() -> None:
    keep_theme(Settings(), "gradstep-contrast")
    assert first_theme(Settings()) == "gradstep-contrast"
    assert first_theme(Settings(theme="nord")) == "nord"
    assert first_theme(Settings(remember=False)) == DARK.name
    keep_theme(Settings(theme="nord"), "monokai")
    assert first_theme(Settings(theme="nord")) == "monokai"
    keep("", SCREEN, {"theme": "gone", "settled": "auto"})
    assert first_theme(Settings()) == DARK.name


async def test_every_theme_paints_and_the_dialog_previews(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        before = screen_text(app)
        await app.run_action("choose_theme")
        await pilot.pause()
        await pilot.press("down", "down", "down", "down")
        previewed = app.theme
        assert previewed == theme_names()[4]
        assert read_kept("", SCREEN) == {}
        await pilot.press("escape")
        assert app.theme == DARK.name
        await app.run_action("choose_theme")
        await pilot.pause()
        await pilot.press("end", "enter")
        await pilot.pause()
        assert not isinstance(app.screen, ThemeScreen)
        assert app.theme == theme_names()[-1]
        assert read_kept("", SCREEN)["theme"] == app.theme
        for name in ("ansi-dark", "ansi-light", "nord", "gradstep-contrast"):
            app.theme = name
            await pilot.pause()
            assert screen_text(app) == before


async def test_typing_filters_the_themes(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        await app.run_action("choose_theme")
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, ThemeScreen)
        await pilot.press(*"contrast")
        assert screen.names == (CONTRAST_DARK.name, CONTRAST_LIGHT.name)
        assert app.theme == CONTRAST_DARK.name
        await pilot.press("down")
        assert app.theme == CONTRAST_LIGHT.name
        await pilot.press(*"qqq")
        assert not screen.names
        assert "no theme is called so" in screen_text(app)
        await pilot.press("enter")
        assert app.screen is screen
        await pilot.press("escape")
        assert app.theme == DARK.name
        await app.run_action("choose_theme")
        await pilot.pause()
        await pilot.press(*"nord", "enter")
        await pilot.pause()
        assert app.theme == "nord"
        assert read_kept("", SCREEN)["theme"] == "nord"


async def test_the_terminals_own_colours_stay_its_own(open_app: Open) -> None:
    async with open_app() as (app, pilot, _):
        app.theme = "ansi-dark"
        await pilot.pause()
        painter: Painter = painter_for(app)
        for name in ("forward", "backward", "step", "leaf", "dim", "accent chip", "selected"):
            style = painter.style(name)
            for colour in (style.color, style.bgcolor):
                assert colour is None or colour.triplet is None, name
        assert painter.heat(0.9) != painter.heat(-0.9)
        assert painter.heat(0.9).bgcolor is not None


@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light"])
async def test_of_sixteen_colours_no_text_vanishes_in_its_ground(open_app: Open, name: str) -> None:
    """Which pairs of the terminal's own colours can be read is known for a few only."""
    black, yellow, blue, cyan, white = 0, 3, 4, 6, 15
    readable = {(cyan, black), (blue, white), (yellow, black)}
    async with open_app() as (app, pilot, _):
        await press(app, pilot, "p", "p", "p")
        app.theme = name
        await pilot.pause()
        painter = painter_for(app)
        for found in (painter.style("forward selected"), painter.heat(0.9), painter.heat(-0.9)):
            assert found.color is not None
            assert found.bgcolor is not None
            assert (found.bgcolor.number, found.color.number) in readable
        source = app.main.source
        row = source.row_strip((source.view.current if source.view else 1) - 1, 60, painter)
        colours = {part.style.color for part in row if part.style}
        assert {colour.number for colour in colours if colour} == {black}


@pytest.mark.parametrize(
    ("colours", "environ", "theme"),
    [
        ("truecolor", {}, "gradstep-dark"),
        ("256", {"COLORFGBG": "15;0"}, "gradstep-dark"),
        ("truecolor", {"COLORFGBG": "0;15"}, "gradstep-light"),
        ("256", {"COLORFGBG": "0;default;15"}, "gradstep-light"),
        ("truecolor", {"COLORFGBG": "default;default"}, "gradstep-dark"),
        ("standard", {}, "ansi-dark"),
        ("standard", {"COLORFGBG": "0;7"}, "ansi-light"),
        (None, {"COLORFGBG": ""}, "gradstep-dark"),
    ],
)
def test_the_first_theme_fits_the_terminal(
    colours: str | None, environ: dict[str, str], theme: str
) -> None:
    fitting = fitting_theme(colours, environ)
    assert first_theme(Settings(), fitting) == fitting == theme
    # What somebody has chosen counts more.
    assert first_theme(Settings(theme="nord"), fitting) == "nord"


async def test_without_colour_nothing_is_coloured(
    trace_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = GradstepApp(open_path=trace_path, settings=Settings(colour="never"))
    async with app.run_test(size=(120, 40)) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        await pilot.pause()
        grey = set()
        for strip in app.screen._compositor.render_strips():
            for text, style, _ in strip.apply_filter(app.get_line_filters()[-1], Color(0, 0, 0)):
                for colour in (style.color, style.bgcolor) if style and text.strip() else ():
                    if colour is not None and colour.triplet is not None:
                        red, green, blue = colour.triplet
                        grey.add(red == green == blue)
        assert grey <= {True}
        assert "1 Source" in screen_text(app)
