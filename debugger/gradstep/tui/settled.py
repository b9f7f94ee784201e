"""What the settings mean on the screen: themes, keys, colours, glyphs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Final

from textual.app import App
from textual.filter import Monochrome, NoColor

from gradstep.session.kept import keep, read_kept
from gradstep.settings import Settings, SettingsError
from gradstep.settings.model import AUTO
from gradstep.tui.actions import BY_ID
from gradstep.tui.plain_ascii import is_utf8
from gradstep.tui.theme import DARK, LIGHT, theme_names
from gradstep.views.glyphs import ASCII, UNICODE, Glyphs

SCREEN: Final = "screen"
"""What is kept for all scripts."""

LIGHT_GROUNDS: Final = ("7", "15")
"""White and bright white, as COLORFGBG (`0;15`, or `0;default;15`) numbers a background."""


def check_settings(settings: Settings) -> None:
    """See that the named theme and commands exist.

    Raises:
        SettingsError: one does not; the text names file and line.
    """
    names = (AUTO, *theme_names())
    if settings.theme not in names:
        close = get_close_matches(settings.theme, names, n=1)
        meant = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(names)}"
        raise SettingsError(
            f'{settings.origin("theme")}: there is no theme "{settings.theme}"{meant}'
        )
    for command in settings.keys:
        place = settings.origin(f"keys.{command}")
        # The older file of keys alone is told of on the screen.
        if command not in BY_ID and not place.rpartition(":")[0].endswith("keys.toml"):
            close = get_close_matches(command, BY_ID, n=1)
            meant = f"; did you mean {close[0]}?" if close else "; docs/keys.md lists them"
            raise SettingsError(f'{place}: there is no command "{command}"{meant}')


def remembered_theme(settings: Settings) -> str:
    """Return the theme last chosen on the screen, "" for none.

    It counts until the configuration names another one than it did then: the later word wins.
    """
    found = read_kept("", SCREEN) if settings.remember else {}
    theme = found.get("theme")
    if theme not in theme_names() or found.get("settled") != settings.theme:
        return ""
    return str(theme)


def first_theme(settings: Settings, fitting: str = DARK.name) -> str:
    """Return the theme to begin with; `fitting` is taken where nobody has chosen one."""
    settled = fitting if settings.theme == AUTO else settings.theme
    return remembered_theme(settings) or settled


def fitting_theme(colours: str | None, environ: Mapping[str, str]) -> str:
    """Return the theme that fits a terminal: its own sixteen colours where it has no others.

    `colours` is its colour system in Rich's words. Whether it is light, some terminals tell in
    COLORFGBG. To ask one outright is not safe: over a slow line the answer would come late, and
    be taken for keys.
    """
    ground = environ.get("COLORFGBG", "").rpartition(";")[2]
    is_light = ground in LIGHT_GROUNDS
    if colours in ("standard", "windows"):
        return "ansi-light" if is_light else "ansi-dark"
    return LIGHT.name if is_light else DARK.name


def keep_theme(settings: Settings, theme: str) -> None:
    """Keep a theme that was chosen on the screen."""
    if settings.remember:
        kept = read_kept("", SCREEN)
        keep("", SCREEN, {**kept, "theme": theme, "settled": settings.theme})


def glyphs_for(settings: Settings, *, ascii_only: bool = False) -> Glyphs:
    """Return what to draw with; `ascii_only` is the command line's word."""
    if ascii_only or settings.ascii == "always":
        return ASCII
    return UNICODE if settings.ascii == "never" or is_utf8() else ASCII


def draw_without_colour(app: App[Any], settings: Settings) -> None:
    """Take the colours out where the settings say so; NO_COLOR has Textual do it already."""
    if settings.colour == "never" and "NO_COLOR" not in os.environ:
        app.no_color = True
        app._filters.append(NoColor() if app.native_ansi_color else Monochrome())
