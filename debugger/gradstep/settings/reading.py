"""Reads the configuration file. What is wrong in it is one line that names the place."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from gradstep.settings.files import read_settings
from gradstep.settings.model import BY_KEY, SETTINGS, Settings, SettingsError
from gradstep.settings.places import config_file, keys_file

_TABLE: Final = re.compile(r"\s*\[([^\[\]]+)\]\s*(#.*)?")
_PLACE: Final = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)$")


def load_settings(config: Path | None = None, keys: Path | None = None) -> Settings:
    """Return the settings of the user's files; files that are not there settle nothing.

    Raises:
        SettingsError: something in a file cannot be used, or a file cannot be read.
    """
    config, keys = config or config_file(), keys or keys_file()
    own_keys, key_origins = _keys_alone(keys)
    text = read_settings(config)
    if text is None:
        return Settings(keys=own_keys, origins=key_origins)
    found = _parsed(config, text)
    values: dict[str, Any] = {}
    origins = dict(key_origins)
    for key, value in _entries(config, text, found):
        place = f"{config}:{line_of(text, key)}"
        setting = BY_KEY.get(key)
        if setting is None:
            raise SettingsError(f"{place}: there is no setting {key}{_meant(key)}")
        meaning = setting.read(value)
        if meaning is None:
            raise SettingsError(f"{place}: {key} is {_toml(value)}; it can be {setting.allowed}")
        values[setting.field] = meaning
        origins[key] = place
    table = found.get("keys", {})
    if not isinstance(table, dict):
        raise SettingsError(f"{config}:{line_of(text, 'keys')}: [keys] is to be a table")
    for command, wanted in table.items():
        key = f"keys.{command}"
        place = f"{config}:{line_of(text, key)}"
        own_keys[command] = _key_list(place, command, wanted)
        origins[key] = place
    return Settings(**values, keys=own_keys, origins=origins)


def _keys_alone(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return the keys of `keys.toml`, and their places; the screen tells what is wrong there."""
    text = read_settings(path)
    if text is None:
        return {}, {}
    try:
        table = parse_toml(text).get("keys", {})
    except tomllib.TOMLDecodeError:
        return {}, {}
    if not isinstance(table, dict):
        return {}, {}
    found = {name: keys for name, keys in table.items() if isinstance(keys, str)}
    return found, {f"keys.{n}": f"{path}:{line_of(text, f'keys.{n}')}" for n in found}


def parse_toml(text: str) -> dict[str, Any]:
    """Return what TOML text says.

    Raises:
        tomllib.TOMLDecodeError: it is none, or it nests deeper or counts further than Python can.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise tomllib.TOMLDecodeError("Too many brackets inside of each other") from None
    except ValueError:  # Python reads no integer of thousands of digits
        raise tomllib.TOMLDecodeError("A number with too many digits") from None


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return parse_toml(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = _PLACE.search(said)
        number = at[1] if at and at[1] else str(max(1, len(text.splitlines())))
        what = _PLACE.sub("", said)
        raise SettingsError(f"{path}:{number}: this is not TOML: {what}") from None


def _entries(path: Path, text: str, found: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return all settings with their tables' names in front; keys stand apart."""
    tables = {setting.table for setting in SETTINGS if setting.table}
    entries: list[tuple[str, Any]] = []
    for name, value in found.items():
        if name == "keys":
            continue
        if name in tables and not isinstance(value, dict):
            place = f"{path}:{line_of(text, name)}"
            raise SettingsError(f"{place}: [{name}] is to be a table")
        if name in tables:
            entries.extend((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            entries.append((name, value))
    return entries


def _key_list(place: str, command: str, wanted: Any) -> str:
    names = wanted if isinstance(wanted, list) else [wanted]
    if not names or not all(isinstance(name, str) and name for name in names):
        raise SettingsError(
            f'{place}: keys."{command}" is {_toml(wanted)}; it can be a key such as "j", several '
            'with commas between ("j,ctrl+j"), or a list of them'
        )
    return ",".join(names)


def line_of(text: str, key: str) -> int:
    """Return the line of a file in which a key stands, or its table; 1 where it is not found."""
    table, _, name = key.rpartition(".") if key.count(".") == 1 else ("", "", key)
    if key.startswith("keys."):
        table, name = "keys", key.removeprefix("keys.")
    here = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = _TABLE.fullmatch(line)
        if header:
            here = header[1].strip().strip("\"'")
            if here in (key, f"{table}.{name}"):
                return number
            continue
        word = re.escape(name)
        dotted = re.escape(key)
        if here == table and re.match(rf"\s*[\"']?{word}[\"']?\s*[.=]", line):
            return number
        if not here and re.match(rf"\s*{dotted}\s*=", line):
            return number
    return 1


def _meant(key: str) -> str:
    close = get_close_matches(key, [*BY_KEY, "keys"], n=1, cutoff=0.6)
    known = ", ".join(BY_KEY)
    return f"; did you mean {close[0]}?" if close else f"; there are {known} and [keys]"


def _toml(value: Any) -> str:
    """Return a value as it stands in a file, cut where it is long."""
    if isinstance(value, bool):
        return str(value).lower()
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
