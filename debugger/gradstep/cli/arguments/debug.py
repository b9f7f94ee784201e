"""The arguments of `gradstep SCRIPT`, and the help that names all commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from gradstep import __version__
from gradstep.cli.arguments.options import add_debugging
from gradstep.cli.arguments.parser import Parser, Subcommand, new_parser

_HELP: Final = """\
usage: gradstep [OPTIONS] SCRIPT [ARG ...]
       gradstep [OPTIONS] -m MODULE [ARG ...]
       gradstep COMMAND ...

Step through a training loop in the terminal: forward, backward, zero_grad and step, one operation,
one backward node or one line at a time, and back again. The script starts stopped before its first
line. Options come before SCRIPT; everything after it is the script's own, as with python.

commands:
{commands}
  (gradstep COMMAND --help says more about each)
"""
_EXAMPLES: Final = """\
examples:
  gradstep train.py --epochs 3
  gradstep -b "step if iteration > 10" train.py
  gradstep record -o run.gradstep train.py && gradstep open run.gradstep
"""


def debug_parser(subcommands: Sequence[Subcommand]) -> Parser:
    """Return the parser of what stands before a script or a command."""
    parser = new_parser("gradstep", "", _EXAMPLES)
    lines = [f"  {one.name + ' ' + one.shape:<15} {one.summary}" for one in subcommands]
    head = _HELP.format(commands="\n".join(lines))
    # argparse would put its own usage first; ours says what SCRIPT and the commands are.
    parser.format_help = lambda: head + "\n" + _options_help(parser)  # type: ignore[method-assign]
    parser.add_argument("--version", action="version", version=f"gradstep {__version__}")
    add_debugging(parser)
    return parser


def _options_help(parser: Parser) -> str:
    formatter = parser._get_formatter()
    for group in parser._action_groups:
        formatter.start_section(group.title)
        formatter.add_arguments(group._group_actions)
        formatter.end_section()
    formatter.add_text(parser.epilog)
    return formatter.format_help()
