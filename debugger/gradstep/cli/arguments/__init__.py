"""What was asked for on the command line: `parse` turns its words into `Arguments`.

Each command has a module here; `SUBCOMMANDS` joins them. What a command then does stands beside
this package, in `gradstep.cli`, which loads it on demand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from gradstep.cli.arguments.config import CONFIG
from gradstep.cli.arguments.connect import CONNECT
from gradstep.cli.arguments.debug import debug_parser
from gradstep.cli.arguments.demo import DEMO
from gradstep.cli.arguments.diff import DIFF
from gradstep.cli.arguments.export import EXPORT
from gradstep.cli.arguments.model import Arguments, UsageError
from gradstep.cli.arguments.open import OPEN
from gradstep.cli.arguments.parser import find_script, script_arguments
from gradstep.cli.arguments.record import RECORD

__all__ = ["SUBCOMMANDS", "Arguments", "UsageError", "parse"]

SUBCOMMANDS: Final = (DEMO, RECORD, OPEN, EXPORT, CONNECT, DIFF, CONFIG)
"""All commands, in the order in which the help lists them."""


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
    parser = debug_parser(SUBCOMMANDS)
    split = find_script(argv, parser)
    word = argv[split] if split < len(argv) else ""
    if word == "check":
        raise UsageError("'check' is not available yet")
    by_name = {subcommand.name: subcommand for subcommand in SUBCOMMANDS}
    if word in by_name:
        return by_name[word].parse(argv[:split], argv[split + 1 :])
    return script_arguments("debug", parser, argv, f"a script, or one of {', '.join(by_name)}")
