"""The configuration file as it is written for a user who has none, with everything explained."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Final

from gradstep.settings.model import SETTINGS, SettingsError

HEAD: Final = """\
# gradstep's configuration. A line that begins with # settles nothing: take the # away to change it.
# `gradstep config` shows what is in force, and where it comes from.
"""

KEYS: Final = """
# Keys by command; the ids stand in the help (?) and in docs/keys.md.
[keys]
# "step.next" = "j"
# "step.back" = "k"
"""


def default_text() -> str:
    """Return the whole file."""
    parts = [HEAD]
    table = ""
    for setting in SETTINGS:
        if setting.table != table:
            table = setting.table
            parts.append(f"\n[{table}]\n")
        wrapped = textwrap.wrap(setting.help, 96)
        parts.append("\n" + "".join(f"# {line}\n" for line in wrapped))
        parts.append(f"# It can be {setting.allowed}.\n# {setting.name} = {setting.example}\n")
    return "".join((*parts, KEYS))


def write_default(path: Path) -> bool:
    """Write the file unless there is one; return whether it was written.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise SettingsError(f"{path.parent}: this is a file, and is to be a folder") from None
    except OSError as error:
        raise SettingsError(f"{path.parent}: {error.strerror}") from None
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(default_text())
    except FileExistsError:
        if path.is_dir():
            raise SettingsError(f"{path}: this is a folder, and is to be a file") from None
        return False
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    return True
