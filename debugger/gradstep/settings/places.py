"""Where settings lie, and where is kept what was done on the screen."""

from __future__ import annotations

import os
from pathlib import Path

from gradstep.settings.model import SettingsError


def config_folder() -> Path:
    """Return the folder of `config.toml` and `keys.toml`.

    Raises:
        SettingsError: there is no home directory.
    """
    base = os.environ.get("XDG_CONFIG_HOME")
    if not base and os.name == "nt":
        base = os.environ.get("APPDATA")
    try:
        return Path(base or Path("~/.config").expanduser()) / "gradstep"
    except RuntimeError:
        raise SettingsError("there is no home directory to look for config.toml in") from None


def config_file() -> Path:
    """Return where the configuration is looked for."""
    return config_folder() / "config.toml"


def keys_file() -> Path:
    """Return where keys alone are looked for."""
    return config_folder() / "keys.toml"
