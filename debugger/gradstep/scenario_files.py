"""Where the bundled scenarios lie, and what each is about."""

from __future__ import annotations

import ast
from pathlib import Path


def scenarios() -> dict[str, Path]:
    """Return the scenarios by name, in order: of the installed package, else of the checkout."""
    here = Path(__file__).resolve().parent
    for directory in (here / "scenarios", here.parent.parent / "scenarios"):
        if directory.is_dir():
            files = sorted(directory.glob("[!_]*.py"))
            return {file.stem: file for file in files}
    return {}


def summary(path: Path) -> str:
    """Return the first line of a scenario's docstring, "" if it has none."""
    try:
        text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    except (OSError, SyntaxError, ValueError):
        return ""
    return text.split("\n", 1)[0]
