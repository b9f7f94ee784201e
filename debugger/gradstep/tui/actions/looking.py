"""Commands that look and ask: the console, watches, what pane 4 shows."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command

LOOKING: Final = (
    Command(
        "console.focus",
        ("e", "colon"),
        "Evaluate…",
        "Evaluate an expression, or run a statement, in the paused script.",
        "look",
        "evaluate",
        "eval",
        8,
    ),
    Command(
        "watch.add",
        ("W",),
        "Watch",
        "Watch the selected tensor or gradient: its value, change and history in the Watch tab; "
        "`watch EXPR` in the console watches any expression.",
        "look",
        "watch",
    ),
    Command(
        "lesson.toggle",
        ("T",),
        "Lesson",
        "Begin or end a lesson: before each phase you say what it will do, and then watch.",
        "look",
        "teach",
    ),
    Command(
        "tensor.switch",
        ("v",),
        "Value or gradient",
        "Show the gradient of the selected tensor instead of its value, and back.",
        "look",
        "switch_value",
        "grad",
        11,
    ),
    Command(
        "why.show",
        ("y",),
        "Why",
        "Tell where the gradient and the values of the selected tensor came from, or why its .grad "
        "is None, in pane 4; Enter on a line goes to its event.",
        "look",
        "why",
        "why",
        9,
    ),
    Command(
        "loss.show",
        ("o",),
        "Loss",
        "Show the losses of the run as curves, in pane 4; a click on one goes to its backward().",
        "look",
        "show_tab('inspect', 'loss-view')",
        "loss",
        10,
    ),
    Command(
        "connection.show",
        ("k",),
        "Connection",
        "Show what joins the loss and the optimizers: for each parameter whether the loss reaches "
        "it, what its .grad holds, who will read that, and what changed it; again, or Esc: back.",
        "look",
        "connection",
        "connect",
        6,
    ),
    Command(
        "find.open",
        ("slash",),
        "Find…",
        "Find text in the pane that has the focus.",
        "look",
        "find",
    ),
)
