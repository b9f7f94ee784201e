"""The arguments of `gradstep export`."""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from typing import Final

from gradstep.cli.arguments.model import Arguments, UsageError
from gradstep.cli.arguments.parser import Subcommand, arguments_of, new_parser
from gradstep.cli.arguments.values import event

GRAPHS: Final = ("dot",)
"""What a graph can be written as."""


def _parse(before: list[str], after: list[str]) -> Arguments:
    parser = new_parser(
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
        type=event,
        metavar="EVENT",
        default=0,
        help="the graph as it is at this event (default: the run's last)",
    )
    parser.add_argument(
        "-o", dest="output", metavar="OUT", default="", help="where to write (default: stdout)"
    )
    parser.add_argument("--force", action="store_true", help="overwrite OUT if it is there already")
    found = vars(parser.parse_args([*before, *after]))
    if found["force"] and not found["output"]:
        raise UsageError("export: --force is about the file of -o; nothing is overwritten here")
    if found["losses"] and found["values"]:
        raise UsageError("export: --values belongs to the events, not to --losses")
    del found["format"]
    if found["at"] and not found["graph"]:
        raise UsageError("export: --at chooses the event of a graph; give --graph dot with it")
    if found["values"] and found["graph"]:
        raise UsageError("export: a graph has no contents; give one of --values and --graph")
    if found["losses"] and found["graph"]:
        raise UsageError("export: give one of --losses and --graph")
    return arguments_of("export", found)


def _losses(text: str) -> bool:
    if text != "csv":
        raise argparse.ArgumentTypeError(f"'{text}' is no format of losses; there is csv")
    return True


def _format(text: str) -> str:
    if text == "dot":
        raise argparse.ArgumentTypeError("'dot' draws one iteration: give --graph dot")
    if text == "csv":
        raise argparse.ArgumentTypeError("'csv' is for the losses: give --losses csv")
    if text != "jsonl":
        hint = " (did you mean jsonl?)" if get_close_matches(text, ["jsonl"]) else ""
        raise argparse.ArgumentTypeError(f"unknown format '{text}'; there is jsonl{hint}")
    return text


EXPORT: Final = Subcommand(
    "export", "FILE", "write a recorded run as JSON lines, its losses as CSV, or a graph", _parse
)
