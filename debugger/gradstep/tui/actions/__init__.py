"""The one table of commands: footer, palette, help screen, key bindings and docs/keys.md.

Each part of the table is a module here, named by its theme; this one joins them. A new command is
one entry in its part, and an `action_…` of the application. Its id is stable: users rebind by it
(`keys.toml`), so renaming one breaks their keys.
"""

from __future__ import annotations

from typing import Final

from textual.binding import Binding, BindingType

from gradstep.tui.actions.application import APPLICATION
from gradstep.tui.actions.at_step import AT_STEP
from gradstep.tui.actions.breakpoints import BREAKPOINTS
from gradstep.tui.actions.command import GROUPS, Command
from gradstep.tui.actions.jumps import JUMPS
from gradstep.tui.actions.key_text import key_text, unique_keys
from gradstep.tui.actions.looking import LOOKING
from gradstep.tui.actions.motions import MOTIONS
from gradstep.tui.actions.panes import PANES
from gradstep.tui.actions.running import RUNNING

__all__ = ["BY_ID", "COMMANDS", "GROUPS", "Command", "bindings", "key_text", "unique_keys"]

COMMANDS: Final = (
    *MOTIONS,
    *JUMPS,
    *RUNNING,
    *BREAKPOINTS,
    *AT_STEP,
    *LOOKING,
    *PANES,
    *APPLICATION,
)
"""All commands. Within a group, help and docs/keys.md keep this order."""

BY_ID: Final = {command.id: command for command in COMMANDS}


def bindings() -> list[BindingType]:
    """Return Textual's bindings for the whole table, each under its command's id."""
    return [
        Binding(
            ",".join(command.keys),
            command.action,
            command.title,
            show=False,
            id=command.id,
            tooltip=command.help,
            priority=command.priority,
        )
        for command in COMMANDS
    ]
