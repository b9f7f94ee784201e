"""The arguments of `gradstep diff`."""

from __future__ import annotations

from typing import Final

from gradstep.cli.arguments.model import Arguments, UsageError
from gradstep.cli.arguments.parser import Subcommand, arguments_of, new_parser
from gradstep.cli.arguments.values import tolerance


def _parse(before: list[str], after: list[str]) -> Arguments:
    parser = new_parser(
        "gradstep diff",
        "Compare two recorded runs event by event. A and B are trace files; FILE#N is the Nth run\n"
        "of a file that holds several. Exit status: 0 if the runs agree, 1 if they differ.",
    )
    parser.add_argument("file", metavar="A")
    parser.add_argument("other", metavar="B")
    parser.add_argument(
        "--rtol",
        type=tolerance,
        metavar="R",
        help="numbers agree up to this share of the tensor's largest (default: 1e-5 for float32, "
        "1e-9 for float64, 1e-3 for float16, 0 for integers)",
    )
    parser.add_argument(
        "--atol", type=tolerance, metavar="T", default=0.0, help="and up to this much (default 0)"
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
    return arguments_of("diff", found)


DIFF: Final = Subcommand(
    "diff", "A B", "compare two recorded runs: the first event where they differ", _parse
)
