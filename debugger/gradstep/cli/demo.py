"""`gradstep demo`: the bundled scenarios by name."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from gradstep.cli.arguments import UsageError
from gradstep.scenario_files import scenarios, summary


def list_scenarios() -> int:
    """Print the scenarios with a line about each."""
    found = scenarios()
    width = max(map(len, found), default=0)
    print("gradstep demo NAME opens one of these:\n")
    for name, path in found.items():
        print(f"  {name:<{width}}  {summary(path)}".rstrip())
    return 0


def find_scenario(name: str) -> Path:
    """Return the script of a scenario.

    Raises:
        UsageError: there is none of this name.
    """
    found = scenarios()
    path = found.get(name.removesuffix(".py").replace("-", "_"))
    if path is not None:
        return path
    close = get_close_matches(name, found, n=1)
    hint = f"did you mean '{close[0]}'?" if close else "'gradstep demo' lists them"
    raise UsageError(f"there is no scenario '{name}'; {hint}")
