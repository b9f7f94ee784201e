"""Themes of our own, and the colour names that every theme must answer to.

Colours are the Okabe-Ito set, which people with colour-vision deficiencies can tell apart. Panes
name meanings (`forward`, `leaf`, …) and never a literal colour, so the built-in themes of Textual
work too: `defaults_for` supplies what they lack.
"""

from __future__ import annotations

from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

from gradstep.tui.contrast_themes import CONTRAST_DARK, CONTRAST_LIGHT

DARK: Final = Theme(
    name="gradstep-dark",
    primary="#56b4e9",
    secondary="#e69f00",
    accent="#56b4e9",
    warning="#f0e442",
    error="#ff7a59",
    success="#2fbf94",
    foreground="#d6dde8",
    background="#11161d",
    surface="#151b24",
    panel="#1b2431",
    dark=True,
    variables={
        "forward": "#56b4e9",
        "backward": "#e69f00",
        "step": "#2fbf94",
        "zero": "#b8c0cc",
        "leaf": "#e08fbf",
        "muted": "#7d8899",
        "faint": "#3a4656",
        "selection": "#23344f",
        "chip-text": "#0d1218",
        "code-keyword": "#ff8f70",
        "code-name": "#d6dde8",
        "code-string": "#8fd6bd",
        "code-number": "#8cc8f0",
        "code-function": "#c9a8f5",
        "heat-low": "#1f78b4",
        "heat-high": "#b87f00",
        "border-blurred": "#3a4656",
        "footer-key-foreground": "#56b4e9",
        "input-selection-background": "#56b4e9 35%",
    },
)

LIGHT: Final = Theme(
    name="gradstep-light",
    primary="#0b6aa8",
    secondary="#9a5900",
    accent="#0b6aa8",
    warning="#836700",
    error="#c23b12",
    success="#00795a",
    foreground="#1d2733",
    background="#fafbfc",
    surface="#ffffff",
    panel="#eaeff5",
    dark=False,
    variables={
        "forward": "#0b6aa8",
        "backward": "#9a5900",
        "step": "#00795a",
        "zero": "#4a5666",
        "leaf": "#a5457f",
        "muted": "#66717f",
        "faint": "#c3ccd6",
        "selection": "#d5e7f7",
        "chip-text": "#ffffff",
        "code-keyword": "#b83a10",
        "code-name": "#1d2733",
        "code-string": "#00694f",
        "code-number": "#0b6aa8",
        "code-function": "#6c3fb0",
        "heat-low": "#8ec6ec",
        "heat-high": "#f2c262",
        "border-blurred": "#b9c4d0",
        "footer-key-foreground": "#0b6aa8",
        "input-selection-background": "#0b6aa8 25%",
    },
)

THEMES: Final = (DARK, LIGHT, CONTRAST_DARK, CONTRAST_LIGHT)
"""In the order in which F2 goes through them."""

_ANSI: Final = {
    "forward": "ansi_bright_blue",
    "backward": "ansi_yellow",
    "step": "ansi_green",
    "zero": "ansi_default",
    "leaf": "ansi_magenta",
    "muted": "ansi_default",
    "faint": "ansi_bright_black",
    "selection": "ansi_cyan",
    "selection-text": "ansi_black",
    "chip-text": "ansi_black",
    "code-keyword": "ansi_red",
    "code-name": "ansi_default",
    "code-string": "ansi_green",
    "code-number": "ansi_cyan",
    "code-function": "ansi_magenta",
    "heat-low": "ansi_blue",
    "heat-low-text": "ansi_bright_white",
    "heat-high": "ansi_yellow",
    "heat-high-text": "ansi_black",
    "border-blurred": "ansi_bright_black",
    "footer-key-foreground": "ansi_bright_blue",
}
"""For the themes that take the terminal's own sixteen colours."""

_ANSI_LIGHT: Final = {
    **_ANSI,
    "forward": "ansi_blue",
    "faint": "ansi_white",
    "chip-text": "ansi_bright_white",
    "border-blurred": "ansi_white",
    "footer-key-foreground": "ansi_blue",
}


def theme_names() -> tuple[str, ...]:
    """Return the names of all themes, ours first."""
    return (*(theme.name for theme in THEMES), *sorted(BUILTIN_THEMES))


def next_theme(name: str) -> str:
    """Return the one of our themes that follows; after any other theme it is the first."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]


def defaults_for(theme: Theme) -> dict[str, str]:
    """Return the values of our colour names for a theme that does not define them."""
    if theme.ansi:
        return dict(_ANSI if theme.dark else _ANSI_LIGHT)
    return dict((DARK if theme.dark else LIGHT).variables)


__all__ = [
    "CONTRAST_DARK",
    "CONTRAST_LIGHT",
    "DARK",
    "LIGHT",
    "THEMES",
    "defaults_for",
    "next_theme",
    "theme_names",
]
