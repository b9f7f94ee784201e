"""The arguments of `gradstep connect`."""

from __future__ import annotations

from typing import Final

from gradstep.cli.arguments.model import Arguments
from gradstep.cli.arguments.options import add_ascii
from gradstep.cli.arguments.parser import Subcommand, arguments_of, new_parser
from gradstep.cli.arguments.values import event, number


def _parse(before: list[str], after: list[str]) -> Arguments:
    parser = new_parser(
        "gradstep connect",
        "Print what joins the parameters of a recorded run with a loss and with the optimizers.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument(
        "--at", type=event, metavar="EVENT", default=0, help="as of this event (default: the end)"
    )
    parser.add_argument(
        "--loss",
        type=number,
        metavar="N",
        default=1,
        help="of several losses the Nth, counted back from the latest (default 1)",
    )
    parser.add_argument(
        "--worst", action="store_true", help="parameters that something is wrong with first"
    )
    add_ascii(parser)
    return arguments_of("connect", vars(parser.parse_args([*before, *after])))


CONNECT: Final = Subcommand(
    "connect", "FILE", "how the optimizers know the loss: what joins them, as a table", _parse
)
