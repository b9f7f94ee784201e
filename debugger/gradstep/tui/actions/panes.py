"""Commands that focus, zoom and resize panes."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command

PANES: Final = (
    Command("pane.source", ("1",), "Source", "Focus the source pane.", "screen", "pane('source')"),
    Command("pane.graph", ("2",), "Graph", "Focus the graph pane.", "screen", "pane('graph')"),
    Command(
        "pane.console",
        ("3",),
        "Console │ Stdout │ Watch │ Lesson",
        "Focus pane 3; again: its next tab.",
        "screen",
        "pane('talk')",
    ),
    Command(
        "pane.inspect",
        ("4",),
        "Tensor │ Optimizer │ Locals │ Why │ Loss",
        "Focus pane 4; again: its next tab.",
        "screen",
        "pane('inspect')",
    ),
    Command(
        "pane.timeline",
        ("5",),
        "Timeline",
        "Focus the timeline: + and - look from nearer or further, down goes to the next iteration "
        "that lacks zero_grad or step.",
        "screen",
        "timeline",
    ),
    Command(
        "pane.tabs",
        ("right_square_bracket",),
        "Next tab",
        "Show the next tab of this pane.",
        "screen",
        "next_tab",
    ),
    Command(
        "pane.next",
        ("tab",),
        "Next pane",
        "Focus the next pane (shift+tab: the one before).",
        "screen",
        "app.focus_next",
    ),
    Command(
        "pane.zoom",
        ("z",),
        "Zoom",
        "Give the pane with the focus the whole screen, and back.",
        "screen",
        "zoom",
        "zoom",
        13,
    ),
    Command(
        "pane.narrower",
        ("left_curly_bracket",),
        "Narrower",
        "Give the pane with the focus less of the width; on a narrow screen, of the height. A "
        "border can be drawn with the mouse as well.",
        "screen",
        "resize('columns', -1)",
    ),
    Command(
        "pane.wider",
        ("right_curly_bracket",),
        "Wider",
        "Give the pane with the focus more of the width; on a narrow screen, of the height.",
        "screen",
        "resize('columns', 1)",
    ),
    Command(
        "pane.shorter",
        ("ctrl+up",),
        "Shorter",
        "Give the pane with the focus less of the height.",
        "screen",
        "resize('rows', -1)",
    ),
    Command(
        "pane.taller",
        ("ctrl+down",),
        "Taller",
        "Give the pane with the focus more of the height.",
        "screen",
        "resize('rows', 1)",
    ),
)
