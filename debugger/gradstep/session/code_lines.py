"""Which lines of a source file have code, so that a breakpoint that cannot be met is told."""

from __future__ import annotations

import os
import tokenize
import warnings
from pathlib import Path
from types import CodeType
from typing import Final

from gradstep.protocol.breakpoints import Breakpoint, closest_text

_FOLDERS: Final = 500
"""Folders that are looked into for a file before nothing is said of it."""


def line_warning(point: Breakpoint, script: str) -> str:
    """Say why a line breakpoint can never be met, "" if it can or nothing is known."""
    resolved = point.resolved(script)
    if resolved.where != "line":
        return ""
    path = Path(resolved.file)
    if not path.is_absolute():
        # A bare name may mean a module anywhere; only a file that is here can be judged.
        nearby = Path(script).parent / path
        path = Path(script) if path.name == Path(script).name else nearby
    if Path(resolved.file).is_absolute() and not path.exists():
        return f"there is no file {path}"
    if not Path(resolved.file).is_absolute() and path.parent == Path(script).parent:
        missing = _missing_text(resolved.file, path, script)
        if missing:
            return missing
    lines = _lines_with_code(path)
    if lines is None or resolved.line in lines:
        return ""
    after = [line for line in lines if line > resolved.line]
    hint = f"; the next line with code is {min(after)}" if after else "; the file ends before it"
    return f"{path.name} has no code on line {resolved.line}{hint}"


def _missing_text(file: str, path: Path, script: str) -> str:
    """Say that a file named without its folder is nowhere near the script."""
    folder = Path(script).parent
    if path.exists() or not folder.is_dir():
        return ""
    wanted = Path(file).parts
    for looked_at, (place, below, files) in enumerate(os.walk(folder)):
        if looked_at == _FOLDERS:
            return ""
        below[:] = [name for name in below if not name.startswith(".")]
        if wanted[-1] in files and Path(place, wanted[-1]).parts[-len(wanted) :] == wanted:
            return ""
    near = [one.name for one in folder.glob("*.py")]
    offer = closest_text(Path(file).name, near)
    return f"there is no {file} in {folder} or below" + (f": {offer}" if offer else "")


def next_with_code(text: str, line: int) -> int | None:
    """Return the first line from `line` on at which execution can stop, None if there is none.

    `text` is the source; of one that does not compile any line may be meant.
    """
    lines = _lines_of(text, "<source>")
    if lines is None:
        return line
    return min((each for each in lines if each >= line), default=None)


def _lines_with_code(path: Path) -> set[int] | None:
    """The lines at which execution can stop, None for a file that does not compile."""
    try:
        with tokenize.open(path) as file:
            text = file.read()
    except (OSError, SyntaxError, ValueError):
        return None
    return _lines_of(text, str(path))


def _lines_of(text: str, name: str) -> set[int] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code = compile(text, name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
    return set(_walk(code))


def _walk(code: CodeType) -> list[int]:
    found = [line for _, _, line in code.co_lines() if line]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found.extend(_walk(constant))
    return found
