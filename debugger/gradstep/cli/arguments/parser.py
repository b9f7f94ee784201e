"""The parser under all commands, and how a script's own words are told from gradstep's.

Options come before SCRIPT and everything after it is the script's own, as with python: so SCRIPT is
found first, and argparse sees only what stands before it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from gradstep.cli.arguments.model import Arguments, UsageError


@dataclass(frozen=True, slots=True)
class Subcommand:
    """A command: its word, its line in the help, and what parses the words around that word.

    `shape` shows what follows the word; `parse` takes the words before it and the words after it.
    """

    name: str
    shape: str
    summary: str
    parse: Callable[[list[str], list[str]], Arguments]


class Parser(argparse.ArgumentParser):
    """Raises where argparse would print a usage and exit."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong as a `UsageError`."""
        command = self.prog.removeprefix("gradstep").strip()
        raise UsageError(f"{command}: {message}" if command else message)


def new_parser(prog: str, description: str, epilog: str = "") -> Parser:
    """Return a parser for a command, without the abbreviations that argparse allows."""
    return Parser(
        prog=prog,
        description=description,
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def arguments_of(command: str, found: dict[str, Any], **more: Any) -> Arguments:
    """Return what a parser found as `Arguments`."""
    found["breakpoints"] = tuple(found.get("breakpoints") or ())
    return Arguments(command, **{**found, **more})


def script_arguments(command: str, parser: Parser, argv: list[str], wanted: str) -> Arguments:
    """Parse `[OPTIONS] SCRIPT [ARG ...]` or `[OPTIONS] -m MODULE [ARG ...]`.

    Raises:
        UsageError: there is no script; it asks for what is `wanted`.
    """
    split = find_script(argv, parser)
    options, rest = argv[:split], argv[split:]
    is_module = bool(rest) and rest[0] in {"-m", "--module"}
    if rest and rest[0] == "--":
        rest = rest[1:]
    found = vars(parser.parse_args(options))
    if is_module:
        rest = rest[1:]
    if not rest:
        what = "a module after -m" if is_module else wanted
        raise UsageError(f"give {what} (gradstep --help says more)")
    return arguments_of(command, found, script=rest[0], args=tuple(rest[1:]), module=is_module)


def find_script(argv: Sequence[str], parser: Parser) -> int:
    """Return where the first word is that is no option: SCRIPT, a command, `--` or `-m`."""
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
