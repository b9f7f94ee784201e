"""Commands about the application: themes, pictures, help, palette, quitting."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command

APPLICATION: Final = (
    Command(
        "theme.switch",
        ("f2",),
        "Next theme",
        "Go through gradstep's themes: dark, light, high contrast dark and light; all others are "
        "in the palette.",
        "screen",
        "switch_theme",
    ),
    Command(
        "screen.save",
        ("ctrl+s",),
        "Save the screen",
        "Write the screen to an SVG file in the current directory, named by script and event.",
        "screen",
        "save_screen",
    ),
    Command(
        "help.open",
        ("question_mark", "f1"),
        "Help",
        "All keys, and what this pane shows.",
        "screen",
        "help",
        "help",
        0,
    ),
    Command(
        "palette.open",
        ("ctrl+p",),
        "Commands",
        "Find a command by its name.",
        "screen",
        "command_palette",
    ),
    Command(
        "app.suspend",
        ("ctrl+z",),
        "To the shell",
        "Put gradstep aside and go back to the shell; `fg` there brings it back. A script that "
        "runs goes on meanwhile.",
        "program",
        "suspend_process",
        priority=True,
    ),
    Command(
        "app.quit",
        ("q", "ctrl+q"),
        "Quit",
        "End gradstep and the script; no process is left.",
        "program",
        "quit",
        "quit",
        15,
    ),
)
