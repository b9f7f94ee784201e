"""The arguments of `gradstep demo`."""

from __future__ import annotations

from typing import Final

from gradstep.cli.arguments.model import Arguments
from gradstep.cli.arguments.options import add_debugging
from gradstep.cli.arguments.parser import Subcommand, arguments_of, new_parser

FIRST_LESSON: Final = "two_scalars"
"""The scenario of a lesson for which none was named."""


def _parse(before: list[str], after: list[str]) -> Arguments:
    parser = new_parser(
        "gradstep demo", "Open the debugger on a bundled scenario; without NAME, list them."
    )
    parser.add_argument("script", metavar="NAME", nargs="?", default="")
    add_debugging(parser)
    found = vars(parser.parse_args([*before, *after]))
    if found["teach"]:
        found["script"] = found["script"] or FIRST_LESSON
    return arguments_of("demo", found, module=False)


DEMO: Final = Subcommand(
    "demo", "[NAME]", "the same for a bundled scenario; without NAME, list them", _parse
)
