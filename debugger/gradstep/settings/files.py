"""Reads a file of settings. Something else in its place is said at once: a pipe would never end."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

from gradstep.settings.model import SettingsError

MOST_BYTES: Final = 1_000_000
"""A larger file is none that a person wrote."""

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def read_settings(path: Path) -> str | None:
    """Return the text of a file, None if there is none.

    Raises:
        SettingsError: it is no file, or cannot be read.
    """
    try:
        if not is_settings_file(path):
            return None
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: the file is not UTF-8") from None


def is_settings_file(path: Path) -> bool:
    """Return whether there is a file.

    Raises:
        SettingsError: what is there is no file, or too large for one of settings.
        OSError: it cannot be looked at.
    """
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    kind = next((name for holds, name in _KINDS if holds(found.st_mode)), "")
    if kind:
        raise SettingsError(f"{path} is {kind}, not a file of settings: take it away")
    if found.st_size > MOST_BYTES:
        raise SettingsError(
            f"{path} has {found.st_size:,} bytes; a file of settings has at most {MOST_BYTES:,}"
        )
    return True
