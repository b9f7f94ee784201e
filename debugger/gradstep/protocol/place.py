"""Where in the user's source an event happened, and how a file is named by people.

Shared by motions and breakpoints, so that `t` to a line and a breakpoint on it agree.
"""

from __future__ import annotations

from pathlib import PurePath

from gradstep.protocol.row import EventRow


def place(row: EventRow) -> tuple[str, int]:
    """The user's line that was being executed: for backward nodes that of the `backward()` call."""
    if row.call_line:
        return row.call_file or row.file, row.call_line
    return row.file, row.line


def same_file(wanted: str, file: str) -> bool:
    """Tell whether `file` is what a person means by `wanted`: a whole path or the end of one."""
    if not wanted or not file:
        return False
    if wanted == file:
        return True
    parts, actual = PurePath(wanted).parts, PurePath(file).parts
    return not PurePath(wanted).is_absolute() and actual[-len(parts) :] == parts
