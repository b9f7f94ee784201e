"""The two themes of high contrast: every text at least 7 : 1 on its ground (WCAG 2, level AAA)."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

CONTRAST_DARK: Final = Theme(
    name="gradstep-contrast",
    primary="#6cc7ff",
    secondary="#ffb000",
    accent="#6cc7ff",
    warning="#fff04a",
    error="#ff9478",
    success="#4fe0b0",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
    variables={
        "forward": "#6cc7ff",
        "backward": "#ffb000",
        "step": "#4fe0b0",
        "zero": "#e4e4e4",
        "leaf": "#ff9ed8",
        "muted": "#c8c8c8",
        "faint": "#8c8c8c",
        "selection": "#0b3a66",
        "chip-text": "#000000",
        "code-keyword": "#ff9e85",
        "code-name": "#ffffff",
        "code-string": "#a8f0d4",
        "code-number": "#a6dcff",
        "code-function": "#d9c0ff",
        "heat-low": "#0068b8",
        "heat-high": "#8a5c00",
        "border-blurred": "#8c8c8c",
        "footer-key-foreground": "#6cc7ff",
        "input-selection-background": "#6cc7ff 35%",
    },
)

CONTRAST_LIGHT: Final = Theme(
    name="gradstep-contrast-light",
    primary="#003f7d",
    secondary="#6b3a00",
    accent="#003f7d",
    warning="#5a4500",
    error="#8f1d00",
    success="#00513a",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ececec",
    dark=False,
    variables={
        "forward": "#003f7d",
        "backward": "#6b3a00",
        "step": "#00513a",
        "zero": "#333a42",
        "leaf": "#7a1f58",
        "muted": "#3d4247",
        "faint": "#6e7378",
        "selection": "#cfe6ff",
        "chip-text": "#ffffff",
        "code-keyword": "#8a2200",
        "code-name": "#000000",
        "code-string": "#004d38",
        "code-number": "#003f7d",
        "code-function": "#4b2391",
        "heat-low": "#9cd0f5",
        "heat-high": "#f5c878",
        "border-blurred": "#6e7378",
        "footer-key-foreground": "#003f7d",
        "input-selection-background": "#003f7d 25%",
    },
)
