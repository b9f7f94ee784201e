"""The arguments of `gradstep open`."""

from __future__ import annotations

from typing import Final

from gradstep.cli.arguments.model import Arguments
from gradstep.cli.arguments.options import add_ascii, add_teach, add_web
from gradstep.cli.arguments.parser import Subcommand, arguments_of, new_parser


def _parse(before: list[str], after: list[str]) -> Arguments:
    parser = new_parser("gradstep open", "Look at a recorded run.")
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "-b",
        dest="breakpoints",
        metavar="SPEC",
        action="append",
        help="a breakpoint for the recorded run, such as nan; may be repeated",
    )
    add_ascii(parser)
    add_web(parser)
    add_teach(parser)
    return arguments_of("open", vars(parser.parse_args([*before, *after])))


OPEN: Final = Subcommand("open", "FILE", "look at a recorded run", _parse)
