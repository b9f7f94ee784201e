"""What a command is, and the groups in which help, palette and docs/keys.md show commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GROUPS: Final = {
    "forward": "Forward in time",
    "back": "Back in time",
    "break": "Breakpoints",
    "step": "At the optimizer's step",
    "look": "Look and ask",
    "screen": "Screen",
    "program": "Program",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a user can ask for.

    `short` is the word in the footer, "" when it never stands there; of the commands that are of
    use (footer.py) those of the lowest `rank` survive on a narrow screen. `back` is the opposite
    motion.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    action: str
    short: str = ""
    rank: int = 99
    back: str = ""
    priority: bool = False
