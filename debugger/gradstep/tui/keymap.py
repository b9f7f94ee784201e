"""The user's own keys: `keys.toml` in gradstep's configuration folder, by command id."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

from gradstep.settings.files import read_settings
from gradstep.settings.model import SettingsError
from gradstep.settings.reading import parse_toml
from gradstep.tui.actions import BY_ID


def keymap_path() -> Path:
    """Return where the file is looked for."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "gradstep" / "keys.toml"


def load_keymap(path: Path) -> tuple[dict[str, str], str]:
    """Return the keys by command id, and one line on what was wrong ("" for nothing).

    The file holds a table `[keys]` such as `"step.next" = "space"`; a value may be several keys
    with commas between.
    """
    try:
        text = read_settings(path)
    except SettingsError as error:
        return {}, str(error)
    if text is None:
        return {}, ""
    try:
        table = parse_toml(text).get("keys", {})
    except tomllib.TOMLDecodeError as error:
        return {}, f"{path}: {error}"
    if not isinstance(table, dict):
        return {}, f"{path}: [keys] must be a table"
    good = {name: keys for name, keys in table.items() if name in BY_ID and isinstance(keys, str)}
    wrong = sorted(set(table) - set(good))
    return good, f"{path}: no command {', '.join(wrong)}" if wrong else ""
