"""Commands at the optimizer's step: leave it out, leave a parameter out, set a value."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command

AT_STEP: Final = (
    Command(
        "step.skip",
        ("x",),
        "Skip step",
        "Leave out the optimizer step that has begun, or what is left of it, and go to its end.",
        "step",
        "skip_step",
        "skip",
        4,
    ),
    Command(
        "step.skip_parameter",
        ("X",),
        "Skip parameter",
        "Leave the selected parameter out of the step that has begun; again: take that back.",
        "step",
        "skip_parameter",
    ),
    Command(
        "step.edit",
        ("equals_sign",),
        "Set a value…",
        "Change a hyper-parameter, or an element of a parameter or of its gradient, in the paused "
        "script.",
        "step",
        "edit_value",
        "set",
        6,
    ),
)
