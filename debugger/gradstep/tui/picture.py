"""Writes the screen to an SVG file: never over one that is there."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import Any

from textual.app import App


def save_picture(app: App[Any], script: str, cursor: int, title: str) -> Path:
    """Write the screen to the current directory, named by script and event; return the path.

    Raises:
        OSError: the file cannot be written.
    """
    svg = app.export_screenshot(title=title)
    stem = re.sub(r"[^\w.-]+", "-", Path(script).stem) or "gradstep"
    name = f"{stem}-event-{cursor}" if cursor else stem
    for number in count(1):
        path = Path.cwd() / (f"{name}.svg" if number == 1 else f"{name}-{number}.svg")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(svg)
        except FileExistsError:
            continue
        return path
    raise AssertionError("numbers do not end")
