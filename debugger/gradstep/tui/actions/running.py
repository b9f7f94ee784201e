"""Commands that pause the script and start it again."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command

RUNNING: Final = (
    Command(
        "run.pause",
        ("space",),
        "Pause",
        "Pause a running script at its next event or line.",
        "program",
        "pause",
        "pause",
        1,
    ),
    Command(
        "run.interrupt",
        ("ctrl+c",),
        "Pause from anywhere",
        "Pause a running script, also while typing; it never ends gradstep.",
        "program",
        "interrupt",
        priority=True,
    ),
    Command(
        "run.restart",
        ("R",),
        "Restart",
        "Start the script again in a fresh process; breakpoints are kept.",
        "program",
        "restart",
    ),
)
