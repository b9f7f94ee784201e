"""The one table of commands: footer, palette, help screen, key bindings and docs/keys.md.

A command's id is stable: users rebind by it (`keys.toml`), so renaming one breaks their keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from textual.binding import Binding, BindingType

GROUPS: Final = {
    "forward": "Forward in time",
    "back": "Back in time",
    "break": "Breakpoints",
    "step": "At the optimizer's step",
    "look": "Look and ask",
    "screen": "Screen",
    "program": "Program",
}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a user can ask for.

    `short` is the word in the footer, "" when it never stands there; of the commands that are of
    use (footer.py) those of the lowest `rank` survive on a narrow screen. `back` is the opposite
    motion.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    group: str
    action: str
    short: str = ""
    rank: int = 99
    back: str = ""
    priority: bool = False


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


COMMANDS: Final = (
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
        "iteration", ("i",), ("I",), "Iteration",
        "the same point one iteration on: of several alike, the same one",
        "the same point one iteration back", "iter", 4
    ),
    *_motion("finish", ("f",), ("F",), "Finish",
        "the first event after the innermost module call (inside net(x), in pool: after pool), "
        "or, outside of any call, to the end of the phase",
        "the event before the innermost module call, or, outside of any call, to the beginning "
        "of the phase", "", 9),
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
        "mark.set", ("m",), "Set a mark", "Mark this event: `m` and a letter.", "back", "set_mark",
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
        "jump.next", ("ctrl+n",), "Jump forth", "Undo the last jump back.", "forward",
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
        "find.open", ("slash",), "Find…", "Find text in the pane that has the focus.", "look",
        "find",
    ),
    Command("pane.source", ("1",), "Source", "Focus the source pane.", "screen", "pane('source')"),
    Command("pane.graph", ("2",), "Graph", "Focus the graph pane.", "screen", "pane('graph')"),
    Command(
        "pane.console", ("3",), "Console │ Stdout │ Watch │ Lesson",
        "Focus pane 3; again: its next tab.", "screen", "pane('talk')",
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
        "pane.timeline", ("5",), "Timeline",
        "Focus the timeline: + and - look from nearer or further, down goes to the next iteration "
        "that lacks zero_grad or step.",
        "screen", "timeline",
    ),
    Command(
        "pane.tabs", ("right_square_bracket",), "Next tab", "Show the next tab of this pane.",
        "screen", "next_tab",
    ),
    Command(
        "pane.next", ("tab",), "Next pane", "Focus the next pane (shift+tab: the one before).",
        "screen", "app.focus_next",
    ),
    Command(
        "pane.zoom", ("z",), "Zoom", "Give the pane with the focus the whole screen, and back.",
        "screen", "zoom", "zoom", 13,
    ),
    Command(
        "pane.narrower", ("left_curly_bracket",), "Narrower",
        "Give the pane with the focus less of the width; on a narrow screen, of the height. A "
        "border can be drawn with the mouse as well.", "screen", "resize('columns', -1)",
    ),
    Command(
        "pane.wider", ("right_curly_bracket",), "Wider",
        "Give the pane with the focus more of the width; on a narrow screen, of the height.",
        "screen", "resize('columns', 1)",
    ),
    Command(
        "pane.shorter", ("ctrl+up",), "Shorter",
        "Give the pane with the focus less of the height.", "screen", "resize('rows', -1)",
    ),
    Command(
        "pane.taller", ("ctrl+down",), "Taller",
        "Give the pane with the focus more of the height.", "screen", "resize('rows', 1)",
    ),
    Command(
        "theme.switch", ("f2",), "Next theme",
        "Go through gradstep's themes: dark, light, high contrast dark and light; all others are "
        "in the palette.", "screen", "switch_theme",
    ),
    Command(
        "screen.save", ("ctrl+s",), "Save the screen",
        "Write the screen to an SVG file in the current directory, named by script and event.",
        "screen", "save_screen",
    ),
    Command(
        "help.open", ("question_mark", "f1"), "Help", "All keys, and what this pane shows.",
        "screen", "help", "help", 0,
    ),
    Command(
        "palette.open", ("ctrl+p",), "Commands", "Find a command by its name.", "screen",
        "command_palette",
    ),
    Command(
        "app.quit", ("q", "ctrl+q"), "Quit", "End gradstep and the script; no process is left.",
        "program", "quit", "quit", 15,
    ),
)  # fmt: skip

BY_ID: Final = {command.id: command for command in COMMANDS}

_DISPLAY: Final = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "full_stop": ".",
    "equals_sign": "=",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "apostrophe": "'",
    "ctrl+c": "^c",
    "ctrl+f": "^f",
    "ctrl+l": "^l",
    "ctrl+n": "^n",
    "ctrl+o": "^o",
    "ctrl+p": "^p",
    "ctrl+q": "^q",
    "ctrl+s": "^s",
    "ctrl+up": "^up",
    "ctrl+down": "^down",
    "ctrl+t": "^t",
}


def key_text(key: str) -> str:
    """Return a key as people write it: `^p`, `F11`, `?`."""
    if key in _DISPLAY:
        return _DISPLAY[key]
    if key.startswith("shift+"):
        return f"Shift-{key_text(key[6:])}"
    if len(key) in (2, 3) and key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return key


def unique_keys(command: Command) -> tuple[str, ...]:
    """Return the keys as text, each once (`/` has two names in Textual)."""
    return tuple(dict.fromkeys(key_text(key) for key in command.keys))


def bindings() -> list[BindingType]:
    """Return Textual's bindings for the whole table, each under its command's id."""
    return [
        Binding(
            ",".join(command.keys),
            command.action,
            command.title,
            show=False,
            id=command.id,
            tooltip=command.help,
            priority=command.priority,
        )
        for command in COMMANDS
    ]
