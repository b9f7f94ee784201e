"""How to read each pane: what the help shows under a pane's own text. The signs are those drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Rows = tuple[tuple[str, str], ...]
"""What stands on the screen, or a key, and what it means."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The signs of one pane, and the keys that do something in it."""

    signs: Rows
    keys: Rows


_MOVE: Final = (("↑ ↓", "select a row; PgUp, PgDn, Home and End go further"),)

READINGS: Final = {
    "source-view": Reading(
        (
            ("►", "the line that caused the event under the cursor"),
            ("◄", "during backward: the forward line that made the node which runs now"),
            ("h [64,10]", "at the right of a line: a result, with its shape or its one number"),
            ("w.grad |·| 2", "what arrived in a .grad, here as its norm (the root of the squares)"),
            ("∅ ◄ Δ 3 …", "how far zero_grad, backward or step on this line is: the third"),
            ("● ◆ ○", "a breakpoint; one with a condition; one that is switched off"),
        ),
        (
            *_MOVE,
            ("← →", "scroll long lines"),
            ("b t w", "break on this line; run to it; break when the selected tensor changes"),
            ("click", "in the gutter: breakpoint; on a value: show its tensor in pane 4"),
            ("2 clicks", "on a name in the code: show its tensor"),
        ),
    ),
    "graph-view": Reading(
        (
            ("│ ╯ ┼", "rails: from the op that made a tensor to those that read it"),
            ("● ◉", "an op that has run; the one under the cursor"),
            ("✓ 0.063", "its backward node has run, and passed on a gradient of this norm"),
            ("◄ ○ –", "its node runs now; is still to come; there will be none"),
            ("⊘ cut", "the graph is cut here, as by detach(): no gradient goes past it"),
            ("━━━━", "the norm as a bar on a logarithmic scale: a vanishing gradient is short"),
            ("w.grad 6", "the leaf that this node adds to, and what it holds then"),
            ("dim row", "of the iteration before: it will most likely come like this"),
            ("▸ ▾", "the call of a module, folded into one row; unfolded"),
            ("≠", "here the graph is another one than in the iteration before"),
        ),
        (
            *_MOVE,
            ("Enter", "show the result's tensor in pane 4"),
            ("t b", "go to the row's event; break on its op"),
            ("v y", "its gradient instead of its value; where that came from"),
            ("click", "on a name in the card below: show its tensor"),
        ),
    ),
    "console-view": Reading(
        (
            ("»", "what was typed, with the answer below"),
            ("■ · ▲ ✗", "why the script stopped; a remark; a warning; an error"),
        ),
        (
            ("e :", "go to the prompt; Escape goes back"),
            ("Tab →", "complete; take the suggestion"),
            ("↑ ↓", "what was typed before, in earlier sessions too"),
            ("click", "on a name: show its tensor in pane 4"),
        ),
    ),
    "stdout-view": Reading(
        (("text", "in the past it ends where it ended then"),),
        (
            ("Tab", "go to the line for stdin; Enter sends it, Ctrl-D on an empty one ends stdin"),
            ("/", "find a text"),
        ),
    ),
    "watch-view": Reading(
        (
            ("|·|", "the norm of a tensor with several elements"),
            ("Δ", "the change since the value before"),
            ("▁▃▆", "how it went, up to the cursor"),
        ),
        (
            *_MOVE,
            ("W", "anywhere: watch what is selected"),
            ("Delete d", "watch this row no longer"),
            ("Enter", "show its tensor in pane 4"),
        ),
    ),
    "lesson-view": Reading(
        (
            ("►", "the choice that was made"),
            ("✓ ✗ →", "it was right; it was wrong; what is so instead, and below it why"),
            ("2 of 3", "how many answers of this lesson were right"),
        ),
        (
            ("Enter click", "on a choice: answer with it"),
            ("p", "go on without an answer"),
            ("T", "end the lesson, or begin one"),
        ),
    ),
    "tensor-view": Reading(
        (
            ("blue", "negative; orange: positive; the stronger, the further from zero"),
            ("·", "zero"),
            ("NaN ∞ !", "not a number, infinite; ! in the picture at the right"),
            ("zeros 45%", "the share of elements that are zero: behind a relu, what is asleep"),
            ("since event", "which event gave it the contents that it has at the cursor"),
        ),
        (
            ("↑ ↓ ← →", "go from element to element; the window follows, and the wheel moves it"),
            ("v", "the gradient instead of the value, and back"),
            ("L ^l", "go to the event that changed it last, or changes it next"),
            ("y w W", "where it came from; break when it changes; watch it"),
        ),
    ),
    "optimizer-view": Reading(
        (
            ("|θ| |grad|", "the norm of the parameter, and of its gradient"),
            ("|m| |v| |b|", "the norms of what the optimizer keeps for it: moments, momentum"),
            ("|Δ|/|θ|", "the update against the parameter: near 1 it jumps, below 1e-6 it stays"),
            ("g·Δ", "gradient times update: what that adds to the loss, to first order"),
            ("✓ ✗", "the update that came is what the formula says, or is not"),
        ),
        (
            *_MOVE,
            ("Enter", "show the parameter in pane 4"),
            ("=", "set a hyper-parameter, a value or a gradient in the paused script"),
            ("x X", "leave out the step; leave out this parameter"),
        ),
    ),
    "locals-view": Reading(
        (
            ("● ○", "the frame in which the console evaluates; the others of the stack"),
            ("▸ ▾", "can be opened; is open"),
            ("Δ +", "has changed since the stop before; is new"),
        ),
        (*_MOVE, ("Enter", "show a tensor, open a container, choose a frame")),
    ),
    "why-view": Reading(
        (
            ("backward …", "a call of backward() that the .grad holds, with what it added"),
            ("event 34", "Enter goes there; ^o comes back"),
        ),
        (
            *_MOVE,
            ("Enter", "go to the row's event; on the last row, list more"),
            ("y", "from any pane: show this"),
        ),
    ),
    "loss-view": Reading(
        (
            ("bright dim", "the running mean over the values; the values"),
            ("◆", "the cursor; what comes after it is dim"),
        ),
        (("click", "go to that call of backward()"), ("o", "from any pane: show this")),
    ),
}
"""By the id of the tab. A pane that is not here has its own text only."""
