"""The arguments of `gradstep config`."""

from __future__ import annotations

from typing import Final

from gradstep.cli.arguments.model import Arguments
from gradstep.cli.arguments.parser import Subcommand, arguments_of, new_parser


def _parse(before: list[str], after: list[str]) -> Arguments:
    parser = new_parser(
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
    return arguments_of("config", vars(parser.parse_args([*before, *after])))


CONFIG: Final = Subcommand(
    "config", "", "show the settings in force; write or edit the file that holds them", _parse
)
