"""What was asked for on the command line.

Options come before SCRIPT and everything after it is the script's own, as with python: so SCRIPT is
found first, and argparse sees only what stands before it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from gradstep import __version__
from gradstep.protocol.launch import DETAILS, ENGINES

COMMANDS: Final = ("demo", "record", "open", "export", "connect", "diff", "config")

GRAPHS: Final = ("dot",)
"""What a graph can be written as."""

FIRST_LESSON: Final = "two_scalars"
"""The scenario of a lesson for which none was named."""

_HELP: Final = """\
usage: gradstep [OPTIONS] SCRIPT [ARG ...]
       gradstep [OPTIONS] -m MODULE [ARG ...]
       gradstep COMMAND ...

Step through a training loop in the terminal: forward, backward, zero_grad and step, one operation,
one backward node or one line at a time, and back again. The script starts stopped before its first
line. Options come before SCRIPT; everything after it is the script's own, as with python.

commands:
  demo [NAME]     the same for a bundled scenario; without NAME, list them
  record SCRIPT   run a script to its end without a screen and write a trace
  open FILE       look at a recorded run
  export FILE     write a recorded run as JSON lines, its losses as CSV, or a graph
  connect FILE    how the optimizers know the loss: what joins them, as a table
  diff A B        compare two recorded runs: the first event where they differ
  config          show the settings in force; write or edit the file that holds them
  (gradstep COMMAND --help says more about each)
"""
_EXAMPLES: Final = """\
examples:
  gradstep train.py --epochs 3
  gradstep -b "step if iteration > 10" train.py
  gradstep record -o run.gradstep train.py && gradstep open run.gradstep
"""


class UsageError(Exception):
    """The command line cannot be understood; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Arguments:
    """The command line, understood. `script` is also the scenario of `demo`; `file` a trace."""

    command: str
    script: str = ""
    args: tuple[str, ...] = ()
    module: bool = False
    breakpoints: tuple[str, ...] = ()
    detail: str = ""
    engine: str = "auto"
    python: str = ""
    record: str = ""
    run: bool = False
    steps: int = 0
    file: str = ""
    output: str = ""
    values: bool = False
    losses: bool = False
    graph: str = ""
    at: int = 0
    other: str = ""
    screen: bool = False
    json: bool = False
    ascii: bool = False
    loss: int = 1
    worst: bool = False
    teach: bool = False
    rtol: float | None = None
    atol: float = 0.0
    edit: bool = False
    init: bool = False
    web: bool = False
    port: int = 0
    words: tuple[str, ...] = field(default=(), compare=False)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        command = self.prog.removeprefix("gradstep").strip()
        raise UsageError(f"{command}: {message}" if command else message)


def parse(argv: Sequence[str]) -> Arguments | None:
    """Understand a command line; None if help or the version was asked for and printed.

    Raises:
        UsageError: it cannot be understood.
    """
    try:
        found = replace(_parse(list(argv)), words=tuple(argv))
    except SystemExit:
        return None
    if found.port and not found.web:
        raise UsageError("--port is for --web")
    return found


def _parse(argv: list[str]) -> Arguments:
    parser = _debug_parser()
    split = _find_script(argv, parser)
    word = argv[split] if split < len(argv) else ""
    if word == "check":
        raise UsageError("'check' is not available yet")
    if word in COMMANDS:
        return _PARSERS[word](argv[:split], argv[split + 1 :])
    return _script("debug", parser, argv)


def _script(command: str, parser: _Parser, argv: list[str]) -> Arguments:
    """Parse `[OPTIONS] SCRIPT [ARG ...]` or `[OPTIONS] -m MODULE [ARG ...]`."""
    split = _find_script(argv, parser)
    options, rest = argv[:split], argv[split:]
    is_module = bool(rest) and rest[0] in {"-m", "--module"}
    if rest and rest[0] == "--":
        rest = rest[1:]
    found = vars(parser.parse_args(options))
    if is_module:
        rest = rest[1:]
    if not rest:
        what = "a module after -m" if is_module else "a script, or one of " + ", ".join(COMMANDS)
        if command == "record" and not is_module:
            what = "a script to record"
        raise UsageError(f"give {what} (gradstep --help says more)")
    return _arguments(command, found, script=rest[0], args=tuple(rest[1:]), module=is_module)


def _arguments(command: str, found: dict[str, Any], **more: Any) -> Arguments:
    found["breakpoints"] = tuple(found.get("breakpoints") or ())
    return Arguments(command, **{**found, **more})


def _find_script(argv: Sequence[str], parser: _Parser) -> int:
    """The index of the first word that is no option of ours: SCRIPT, a command, `--` or `-m`."""
    actions = {name: action for action in parser._actions for name in action.option_strings}
    index = 0
    while index < len(argv):
        word = argv[index]
        if not word.startswith("-") or word in {"-", "--", "-m", "--module"}:
            return index
        action = actions.get(word)
        takes_value = action is not None and action.nargs is None
        index += 2 if takes_value else 1
    return len(argv)


def _debug_parser() -> _Parser:
    parser = _new_parser("gradstep", "", _EXAMPLES)
    # argparse would put its own usage first; ours says what SCRIPT and the commands are.
    parser.format_help = lambda: _HELP + "\n" + _options_help(parser)  # type: ignore[method-assign]
    parser.add_argument("--version", action="version", version=f"gradstep {__version__}")
    _add_debug_options(parser)
    return parser


def _options_help(parser: _Parser) -> str:
    formatter = parser._get_formatter()
    for group in parser._action_groups:
        formatter.start_section(group.title)
        formatter.add_arguments(group._group_actions)
        formatter.end_section()
    formatter.add_text(parser.epilog)
    return formatter.format_help()


def _add_debug_options(parser: _Parser) -> None:
    parser.add_argument(
        "-b",
        dest="breakpoints",
        metavar="SPEC",
        action="append",
        help="stop at SPEC: WHERE [if CONDITION] [after N], such as backward, 'op:relu if "
        "iteration > 3', change:fc1.weight, nan, train.py:12; with 'log TEXT' at its end it speaks "
        "and does not stop; may be repeated",
    )
    parser.add_argument(
        "--run", action="store_true", help="go on at once instead of stopping at the first line"
    )
    parser.add_argument(
        "--record", metavar="FILE", default="", help="keep the trace of the run in FILE"
    )
    _add_ascii(parser)
    _add_web(parser)
    _add_teach(parser)
    _add_common_options(parser, "stop")
    # Shown in the help only: `_find_script` takes these words before argparse could.
    parser.add_argument(
        "-m", dest="module", metavar="MODULE", help="run a module instead of a script"
    )


def _add_ascii(parser: _Parser) -> None:
    parser.add_argument(
        "--ascii",
        action="store_true",
        help="draw with ASCII characters only (the default where the locale is not UTF-8)",
    )


def _add_web(parser: _Parser) -> None:
    parser.add_argument(
        "--web",
        action="store_true",
        help="show the screen in a browser on this machine (needs the extra gradstep[web])",
    )
    parser.add_argument(
        "--port",
        type=_port,
        metavar="N",
        default=0,
        help="the port that --web listens on (default: a free one)",
    )


def _add_teach(parser: _Parser) -> None:
    parser.add_argument(
        "--teach",
        action="store_true",
        help="begin with a lesson: before each phase, say what it will do, then watch",
    )


def _add_common_options(parser: _Parser, what: str) -> None:
    parser.add_argument(
        "--steps", type=_positive, metavar="N", default=0, help=f"{what} after N optimizer steps"
    )
    parser.add_argument(
        "--detail",
        choices=DETAILS,
        default="",
        help="how much to record: phases (long runs), events (statistics of every tensor) or "
        "values (contents too; the default)",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="auto",
        help="what 'import torch' means: gradstep's own engine (auto, builtin)",
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        default="",
        help="the Python that runs the script (default: the active virtual environment's)",
    )


def _record(before: list[str], after: list[str]) -> Arguments:
    parser = _new_parser(
        "gradstep record",
        "Run a script to its end without a screen and write a trace. The script's output and\n"
        "exit status are its own.",
    )
    parser.usage = "gradstep record [OPTIONS] SCRIPT [ARG ...]"
    parser.add_argument(
        "-o",
        dest="output",
        metavar="FILE",
        default="",
        help="where to write (default: the script's name + .gradstep)",
    )
    parser.add_argument(
        "-b",
        dest="breakpoints",
        metavar="SPEC",
        action="append",
        help="a logpoint: WHERE [if CONDITION] [after N] log TEXT, such as 'step log loss, lr'; it "
        "writes to stderr; may be repeated",
    )
    _add_common_options(parser, "end the run")
    parser.add_argument(
        "-m", dest="module", metavar="MODULE", help="run a module instead of a script"
    )
    return _script("record", parser, [*before, *after])


def _demo(before: list[str], after: list[str]) -> Arguments:
    parser = _new_parser(
        "gradstep demo", "Open the debugger on a bundled scenario; without NAME, list them."
    )
    parser.add_argument("script", metavar="NAME", nargs="?", default="")
    _add_debug_options(parser)
    found = vars(parser.parse_args([*before, *after]))
    if found["teach"]:
        found["script"] = found["script"] or FIRST_LESSON
    return _arguments("demo", found, module=False)


def _open(before: list[str], after: list[str]) -> Arguments:
    parser = _new_parser("gradstep open", "Look at a recorded run.")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "-b",
        dest="breakpoints",
        metavar="SPEC",
        action="append",
        help="a breakpoint for the recorded run, such as nan; may be repeated",
    )
    _add_ascii(parser)
    _add_web(parser)
    _add_teach(parser)
    return _arguments("open", vars(parser.parse_args([*before, *after])))


def _export(before: list[str], after: list[str]) -> Arguments:
    parser = _new_parser(
        "gradstep export",
        "Write a recorded run as JSON lines, an event each; or\nthe graph of one iteration.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--format", type=_format, default="jsonl", metavar="FORMAT", help="jsonl (the default)"
    )
    parser.add_argument(
        "--values", action="store_true", help="with the recorded contents of tensors"
    )
    parser.add_argument(
        "--losses",
        type=_losses,
        default=False,
        metavar="csv",
        help="the losses alone, as CSV: every call of backward(), its rate and gradient norm",
    )
    parser.add_argument(
        "--graph",
        choices=GRAPHS,
        default="",
        help="instead, the graph of one iteration: dot (Graphviz)",
    )
    parser.add_argument(
        "--at",
        type=_event,
        metavar="EVENT",
        default=0,
        help="the graph as it is at this event (default: the run's last)",
    )
    parser.add_argument(
        "-o", dest="output", metavar="OUT", default="", help="where to write (default: stdout)"
    )
    found = vars(parser.parse_args([*before, *after]))
    if found["losses"] and found["values"]:
        raise UsageError("export: --values belongs to the events, not to --losses")
    del found["format"]
    if found["at"] and not found["graph"]:
        raise UsageError("export: --at chooses the event of a graph; give --graph dot with it")
    if found["values"] and found["graph"]:
        raise UsageError("export: a graph has no contents; give one of --values and --graph")
    if found["losses"] and found["graph"]:
        raise UsageError("export: give one of --losses and --graph")
    return _arguments("export", found)


def _connect(before: list[str], after: list[str]) -> Arguments:
    parser = _new_parser(
        "gradstep connect",
        "Print what joins the parameters of a recorded run with a loss and with the optimizers.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--at", type=_event, metavar="EVENT", default=0, help="as of this event (default: the end)"
    )
    parser.add_argument(
        "--loss",
        type=_number,
        metavar="N",
        default=1,
        help="of several losses the Nth, counted back from the latest (default 1)",
    )
    parser.add_argument(
        "--worst", action="store_true", help="parameters that something is wrong with first"
    )
    _add_ascii(parser)
    return _arguments("connect", vars(parser.parse_args([*before, *after])))


def _diff(before: list[str], after: list[str]) -> Arguments:
    parser = _new_parser(
        "gradstep diff",
        "Compare two recorded runs event by event. A and B are trace files; FILE#N is the Nth run\n"
        "of a file that holds several. Exit status: 0 if the runs agree, 1 if they differ.",
    )
    parser.add_argument("file", metavar="A")
    parser.add_argument("other", metavar="B")
    parser.add_argument(
        "--rtol",
        type=_tolerance,
        metavar="R",
        help="numbers agree up to this share of the tensor's largest (default: 1e-5 for float32, "
        "1e-9 for float64, 1e-3 for float16, 0 for integers)",
    )
    parser.add_argument(
        "--atol", type=_tolerance, metavar="T", default=0.0, help="and up to this much (default 0)"
    )
    parser.add_argument(
        "--exact", action="store_true", help="numbers agree when they are equal: --rtol 0 --atol 0"
    )
    parser.add_argument("--screen", action="store_true", help="look at the two runs side by side")
    parser.add_argument("--json", action="store_true", help="write the result as JSON")
    found = vars(parser.parse_args([*before, *after]))
    if found.pop("exact"):
        if found["rtol"] or found["atol"]:
            raise UsageError("diff: --exact leaves no room for --rtol or --atol")
        found["rtol"] = found["atol"] = 0.0
    if found["screen"] and found["json"]:
        raise UsageError("diff: give one of --screen and --json")
    return _arguments("diff", found)


def _config(before: list[str], after: list[str]) -> Arguments:
    parser = _new_parser(
        "gradstep config",
        "Show the settings in force, where each comes from, and where the file is that holds them.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--init",
        action="store_true",
        help="write the file, with everything explained; one that is there stays as it is",
    )
    what.add_argument(
        "--edit",
        action="store_true",
        help="open the file in the editor that VISUAL or EDITOR names, then check it",
    )
    return _arguments("config", vars(parser.parse_args([*before, *after])))


_PARSERS: Final = {
    "demo": _demo,
    "record": _record,
    "open": _open,
    "export": _export,
    "connect": _connect,
    "diff": _diff,
    "config": _config,
}


def _new_parser(prog: str, description: str, epilog: str = "") -> _Parser:
    return _Parser(
        prog=prog,
        description=description,
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**12:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of steps, 1 or more")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port, 1 to 65535")
    return int(text)


def _number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**12:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number, 1 or more")
    return int(text)


def _tolerance(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a tolerance, 0 or more, such as 1e-6")
    return value


def _losses(text: str) -> bool:
    if text != "csv":
        raise argparse.ArgumentTypeError(f"'{text}' is no format of losses; there is csv")
    return True


def _event(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 10**12:
        raise argparse.ArgumentTypeError(f"'{text}' is not the number of an event, 1 or more")
    return int(text)


def _format(text: str) -> str:
    if text == "dot":
        raise argparse.ArgumentTypeError("'dot' draws one iteration: give --graph dot")
    if text == "csv":
        raise argparse.ArgumentTypeError("'csv' is for the losses: give --losses csv")
    if text != "jsonl":
        hint = " (did you mean jsonl?)" if get_close_matches(text, ["jsonl"]) else ""
        raise argparse.ArgumentTypeError(f"unknown format '{text}'; there is jsonl{hint}")
    return text
