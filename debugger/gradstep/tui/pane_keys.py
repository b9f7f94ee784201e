"""Keys that mean something in one pane only, in one table: bindings, help and docs/keys.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class PaneKey:
    """A key of a pane: what Textual calls it, how people write it, what it does."""

    keys: str
    text: str
    action: str
    title: str
    help: str


_SAVE: Final = "Write {} into a file: asks for its name, and before it overwrites one."

PANE_KEYS: Final[dict[str, tuple[PaneKey, ...]]] = {
    "Graph": (
        PaneKey("right", "→", "unfold", "Unfold", "Unfold the row's module; so does a click on ▸."),
        PaneKey("left", "←", "fold", "Fold", "Fold the module that the row lies in."),
        PaneKey(
            "plus",
            "+",
            "fold_all(True)",
            "Unfold all",
            "Unfold all modules; again: folded as gradstep thinks best.",
        ),
        PaneKey("minus", "-", "fold_all(False)", "Fold all", "Fold all modules; again: as above."),
    ),
    "Lesson": (
        PaneKey(
            "1",
            "1",
            "choose(0)",
            "Answer",
            "While a question waits, answer with the first choice, and go on.",
        ),
        PaneKey("2", "2", "choose(1)", "Answer", "Answer with the second."),
        PaneKey("3", "3", "choose(2)", "Answer", "Answer with the third."),
    ),
    "Tensor": (
        PaneKey("h", "h", "mode", "Mode", "Values, heat map, histogram, and values again."),
        PaneKey(
            "d",
            "d",
            "compare",
            "Compare",
            "The version of now, the one before, the change between them; then the gradient in "
            "the same way, or the value.",
        ),
        PaneKey(
            "less_than_sign",
            "<",
            "slice(-1)",
            "Previous matrix",
            "Go back through a dimension before the last two.",
        ),
        PaneKey("greater_than_sign", ">", "slice(1)", "Next matrix", "Go on through it."),
        PaneKey("comma", ",", "axis", "Dimension", "Choose which of them < and > go through."),
        PaneKey(
            "enter",
            "Enter",
            "follow",
            "Follow the element",
            "Show the element under the cursor through time, it and its gradient; again: no "
            "longer.",
        ),
        PaneKey(
            "plus",
            "+",
            "zoom(1)",
            "Zoom in",
            "Draw half as much of the matrix in the heat map, around the cursor.",
        ),
        PaneKey("minus", "-", "zoom(-1)", "Zoom out", "Draw twice as much of it."),
        PaneKey("0", "0", "zoom(-99)", "Whole matrix", "Draw all of it."),
        PaneKey("Y", "Y", "copy", "Copy", "Copy what is seen as text into the clipboard."),
        PaneKey("E", "E", "export", "Export…", _SAVE.format("the tensor (.npy, .csv)")),
    ),
    "Optimizer": (
        PaneKey("less_than_sign", "<", "sort(-1)", "Sort by", "Sort by the column to the left."),
        PaneKey("greater_than_sign", ">", "sort(1)", "Sort by", "Sort by the column to the right."),
        PaneKey("r", "r", "reverse", "Reverse", "Turn the order round."),
    ),
    "Loss": (
        PaneKey("tilde", "~", "smooth", "Running mean", "Draw it, or the values alone."),
        PaneKey("plus", "+", "zoom(1)", "Zoom in", "Show half as long a part, around the cursor."),
        PaneKey("minus", "-", "zoom(-1)", "Zoom out", "Show twice as long a part."),
        PaneKey("left", "←", "shift(-1)", "Earlier", "Show the part before."),
        PaneKey("right", "→", "shift(1)", "Later", "Show the part after."),
        PaneKey("0", "0", "whole", "Whole run", "Show all of the run."),
        PaneKey("E", "E", "export", "Export…", _SAVE.format("all losses (.csv)")),
    ),
    "Timeline": (
        PaneKey("plus", "+", "zoom(1)", "Zoom in", "Show fewer events, down to single ones."),
        PaneKey("minus", "-", "zoom(-1)", "Zoom out", "Show more, up to the whole run."),
        PaneKey("0", "0", "usual", "Usual", "Show phases again, as at the beginning."),
        PaneKey("left", "←", "go(-1)", "Back", "Go to the column before."),
        PaneKey("right", "→", "go(1)", "On", "Go to the next column."),
        PaneKey("home", "Home", "end(1)", "Beginning", "Go to the first event."),
        PaneKey("end", "End", "end(0)", "End", "Go to the newest event."),
        PaneKey(
            "down",
            "↓",
            "odd(1)",
            "Next odd iteration",
            "Go on to an iteration without zero_grad or step, or with several backward.",
        ),
        PaneKey("up", "↑", "odd(-1)", "Odd iteration before", "Go back to one."),
    ),
}
"""By the name of the tab or bar."""


def pane_bindings(pane: str) -> list[BindingType]:
    """Return Textual's bindings for the keys of a pane."""
    return [
        Binding(key.keys, key.action, key.title, show=False, tooltip=key.help)
        for key in PANE_KEYS[pane]
    ]
