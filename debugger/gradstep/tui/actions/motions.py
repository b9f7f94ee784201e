"""Commands that move through the run: by an event, a line, a phase …, to the cursor, to now."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command


def _motion(
    name: str,
    keys: tuple[str, ...],
    back_keys: tuple[str, ...],
    title: str,
    ahead: str,
    behind: str,
    short: str,
    rank: int,
) -> tuple[Command, Command]:
    forward = Command(
        f"{name}.next",
        keys,
        title,
        f"Go on to {ahead}.",
        "forward",
        f"motion('{name}', False)",
        short,
        rank,
        f"{name}.back",
    )
    back = Command(
        f"{name}.back",
        back_keys,
        f"{title} back",
        f"Go back to {behind}.",
        "back",
        f"motion('{name}', True)",
    )
    return forward, back


MOTIONS: Final = (
    *_motion(
        "step",
        ("s", "f11"),
        ("S", "shift+f11"),
        "Step",
        "the next event: an operation, a backward node, an accumulation, a parameter update",
        "the event before",
        "step",
        1,
    ),
    *_motion(
        "line",
        ("n", "f10"),
        ("N", "shift+f10"),
        "Next line",
        "the next executed line of the script",
        "where the line that runs began, and from there to the line that was executed before",
        "line",
        3,
    ),
    *_motion(
        "phase",
        ("p",),
        ("P",),
        "Phase",
        "the end of the next phase: zero_grad, forward, backward or step",
        "the end of the phase before",
        "phase",
        2,
    ),
    *_motion(
        "iteration",
        ("i",),
        ("I",),
        "Iteration",
        "the same point one iteration on: of several alike, the same one",
        "the same point one iteration back",
        "iter",
        4,
    ),
    *_motion(
        "finish",
        ("f",),
        ("F",),
        "Finish",
        "the first event after the innermost module call (inside net(x), in pool: after pool), "
        "or, outside of any call, to the end of the phase",
        "the event before the innermost module call, or, outside of any call, to the beginning "
        "of the phase",
        "",
        9,
    ),
    *_motion(
        "continue",
        ("c", "f5"),
        ("C", "shift+f5"),
        "Continue",
        "the next breakpoint, or the end of the script",
        "the breakpoint before, or the beginning",
        "cont",
        5,
    ),
    Command(
        "cursor.to",
        ("t",),
        "To cursor",
        "Run until the selected source line, or go to the selected graph row.",
        "forward",
        "to_cursor(False)",
        "to here",
        16,
        "cursor.back",
    ),
    Command(
        "cursor.back",
        ("ctrl+t",),
        "To cursor back",
        "Go back to the last time that the selected source line was reached, or to the selected "
        "graph row, if it lies in the past.",
        "back",
        "to_cursor(True)",
    ),
    Command(
        "edge.now",
        ("full_stop",),
        "Now",
        "Leave the past: back to the live edge (in a recorded run, its last event).",
        "forward",
        "to_edge",
        "now",
        3,
    ),
)
