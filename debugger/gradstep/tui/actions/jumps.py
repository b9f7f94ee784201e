"""Commands that jump in time: go to, changes of a tensor, marks, the list of jumps, the search."""

from __future__ import annotations

from typing import Final

from gradstep.tui.actions.command import Command

JUMPS: Final = (
    Command(
        "goto.open",
        ("g",),
        "Go to…",
        "Go to an event, step or iteration by number: `34`, `+100`, `-100`, `step 3`, `iter 2`; or "
        "to `line 42`, `50%`, `start`, `end`, or the letter of a mark.",
        "back",
        "goto",
        "go to",
        14,
    ),
    Command(
        "change.last",
        ("L",),
        "Last change",
        "Go back to the event that last changed the selected tensor, or its gradient; without a "
        "selection, the tensor that pane 4 shows.",
        "back",
        "last_change",
    ),
    Command(
        "change.next",
        ("ctrl+l",),
        "Next change",
        "Go on to the event that changes the selected tensor, or its gradient, next.",
        "forward",
        "next_change",
    ),
    Command(
        "mark.set",
        ("m",),
        "Set a mark",
        "Mark this event: `m` and a letter.",
        "back",
        "set_mark",
    ),
    Command(
        "mark.goto",
        ("apostrophe",),
        "Go to a mark",
        "Go to a mark: `'` and its letter; `''` goes back to before the last jump.",
        "back",
        "go_to_mark",
    ),
    Command(
        "jump.back",
        ("ctrl+o",),
        "Jump back",
        "Go back to where the last jump began (go to, mark, change, search, timeline).",
        "back",
        "jump_back",
    ),
    Command(
        "jump.next",
        ("ctrl+n",),
        "Jump forth",
        "Undo the last jump back.",
        "forward",
        "jump_forth",
    ),
    Command(
        "search.open",
        ("ctrl+f",),
        "Search the run",
        "Search the whole run: `op:relu`, `grad > 10`, `nan`, `printed:epoch`, or any text.",
        "look",
        "search",
    ),
    Command(
        "search.next",
        ("f3",),
        "Next found",
        "Go to the next event that the search found.",
        "forward",
        "search_next(False)",
    ),
    Command(
        "search.back",
        ("shift+f3",),
        "Previous found",
        "Go to the event before that the search found.",
        "back",
        "search_next(True)",
    ),
)
