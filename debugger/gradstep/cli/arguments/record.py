"""The arguments of `gradstep record`."""

from __future__ import annotations

from typing import Final

from gradstep.cli.arguments.model import Arguments
from gradstep.cli.arguments.options import add_recording
from gradstep.cli.arguments.parser import Subcommand, new_parser, script_arguments


def _parse(before: list[str], after: list[str]) -> Arguments:
    parser = new_parser(
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
    add_recording(parser, "end the run")
    parser.add_argument(
        "-m", dest="module", metavar="MODULE", help="run a module instead of a script"
    )
    return script_arguments("record", parser, [*before, *after], "a script to record")


RECORD: Final = Subcommand(
    "record", "SCRIPT", "run a script to its end without a screen and write a trace", _parse
)
