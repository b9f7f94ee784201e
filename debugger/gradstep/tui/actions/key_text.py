"""Keys as people write them."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command

_DISPLAY: Final = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "full_stop": ".",
    "equals_sign": "=",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "apostrophe": "'",
    "ctrl+c": "^c",
    "ctrl+f": "^f",
    "ctrl+l": "^l",
    "ctrl+n": "^n",
    "ctrl+o": "^o",
    "ctrl+p": "^p",
    "ctrl+q": "^q",
    "ctrl+s": "^s",
    "ctrl+up": "^up",
    "ctrl+down": "^down",
    "ctrl+t": "^t",
    "ctrl+z": "^z",
}


def key_text(key: str) -> str:
    """Return a key as people write it: `^p`, `F11`, `?`."""
    if key in _DISPLAY:
        return _DISPLAY[key]
    if key.startswith("shift+"):
        return f"Shift-{key_text(key[6:])}"
    if len(key) in (2, 3) and key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return key


def unique_keys(command: Command) -> tuple[str, ...]:
    """Return the keys as text, each once (`/` has two names in Textual)."""
    return tuple(dict.fromkeys(key_text(key) for key in command.keys))
