"""The table of settings: what each is called, what it may be, and what it is by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

AUTO: Final = "auto"
SHARES: Final = (20, 80)
"""Percent: what the left panes may have of the width, and the upper ones of the height."""

DEFAULT: Final = "default"
"""The origin of a setting that nobody has settled."""


class SettingsError(Exception):
    """A setting that cannot be used; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force. `origins` has, by key, where a setting comes from."""

    theme: str = AUTO
    ascii: str = AUTO
    colour: str = AUTO
    detail: str = "values"
    remember: bool = True
    hints: bool = True
    columns: int = 0
    rows: int = 0
    keys: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    def origin(self, key: str) -> str:
        """Return where a setting comes from: `default`, or `FILE:LINE`."""
        return self.origins.get(key, DEFAULT)

    @property
    def chosen_detail(self) -> str:
        """The detail that the user has settled, "" where nobody has."""
        return self.detail if "detail" in self.origins else ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `read` gives what a value of the file means, None where it means nothing."""

    table: str
    name: str
    field: str
    allowed: str
    help: str
    read: Callable[[Any], Any]
    example: str

    @property
    def key(self) -> str:
        """The name with its table: `layout.columns`."""
        return f"{self.table}.{self.name}" if self.table else self.name


def _one_of(*words: str) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, str) and value in words else None


def _word(value: Any) -> Any:
    return value if isinstance(value, str) and value else None


def _share(value: Any) -> Any:
    if value == AUTO:
        return 0
    is_share = isinstance(value, int) and not isinstance(value, bool)
    return value if is_share and SHARES[0] <= value <= SHARES[1] else None


_SHARE: Final = f'a number of percent from {SHARES[0]} to {SHARES[1]}, or "auto"'

SETTINGS: Final = (
    Setting(
        "",
        "theme",
        "theme",
        '"auto", or the name of a theme',
        "The colours. F2 on the screen goes through gradstep's own themes, the palette (^p) lists "
        'all; "auto" is gradstep-dark.',
        _word,
        '"auto"',
    ),
    Setting(
        "",
        "ascii",
        "ascii",
        '"auto", "always" or "never"',
        'Draw with ASCII characters only: "auto" does where the locale is not UTF-8.',
        _one_of(AUTO, "always", "never"),
        '"auto"',
    ),
    Setting(
        "",
        "colour",
        "colour",
        '"auto" or "never"',
        'Colours; "auto" has them unless the environment has NO_COLOR.',
        _one_of(AUTO, "never"),
        '"auto"',
    ),
    Setting(
        "",
        "detail",
        "detail",
        '"phases", "events" or "values"',
        "How much of a run is recorded where --detail does not say it.",
        _one_of("phases", "events", "values"),
        '"values"',
    ),
    Setting(
        "",
        "remember",
        "remember",
        "true or false",
        "Open a script with the tabs, sizes and zoom that it was left with, in the theme last "
        "chosen.",
        lambda value: value if isinstance(value, bool) else None,
        "true",
    ),
    Setting(
        "",
        "hints",
        "hints",
        "true or false",
        "Show newcomers a line on what to do first; each goes for good once it was done.",
        lambda value: value if isinstance(value, bool) else None,
        "true",
    ),
    Setting(
        "layout",
        "columns",
        "columns",
        _SHARE,
        "What panes 1 and 3 have of the width, in percent.",
        _share,
        '"auto"',
    ),
    Setting(
        "layout",
        "rows",
        "rows",
        _SHARE,
        "What panes 1 and 2 have of the height, in percent.",
        _share,
        '"auto"',
    ),
)

BY_KEY: Final = {setting.key: setting for setting in SETTINGS}
