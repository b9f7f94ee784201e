"""Commands about breakpoints."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command

BREAKPOINTS: Final = (
    Command(
        "break.toggle",
        ("b", "f9"),
        "Toggle breakpoint",
        "Set or remove a breakpoint at the selected source line or graph row.",
        "break",
        "toggle_breakpoint",
        "break",
        7,
    ),
    Command(
        "break.change",
        ("w",),
        "Break on change",
        "Stop when the selected tensor, gradient, parameter or variable changes, and say by what "
        "and by how much; again: no longer.",
        "break",
        "break_on_change",
    ),
    Command(
        "break.edit",
        ("B",),
        "Breakpoints…",
        "List, add, edit, switch off and remove breakpoints and logpoints, with conditions and hit "
        "counts.",
        "break",
        "breakpoints",
    ),
)
