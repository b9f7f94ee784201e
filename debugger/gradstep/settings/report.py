"""The settings in force as text: what `gradstep config` prints."""

from __future__ import annotations

import os
from pathlib import Path

from gradstep.settings.model import SETTINGS, Setting, Settings


def report(settings: Settings, config: Path, keys: Path, chosen_theme: str = "") -> str:
    """Return the places, then each setting with its value and where that comes from.

    `chosen_theme` is the theme that was last chosen on the screen, "" where that does not count.
    """
    there = "" if config.exists() else "   (not there: gradstep config --init writes it)"
    lines = [f"config   {config}{there}"]
    if keys.exists():
        lines.append(f"keys     {keys}")
    lines.append("")
    rows = [(setting.key, *_in_force(settings, setting, chosen_theme)) for setting in SETTINGS]
    rows += [
        (f'keys."{command}"', wanted, settings.origin(f"keys.{command}"))
        for command, wanted in settings.keys.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines += [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows]
    return "\n".join(lines)


def _in_force(settings: Settings, setting: Setting, chosen_theme: str) -> tuple[str, str]:
    origin = settings.origin(setting.key)
    if setting.name == "theme" and chosen_theme:
        return chosen_theme, "chosen on the screen"
    if setting.name == "colour" and "NO_COLOR" in os.environ:
        return "never", "NO_COLOR"
    value = getattr(settings, setting.field)
    if setting.table == "layout":
        return str(value or "auto"), origin
    return str(value).lower() if isinstance(value, bool) else value, origin
