"""Options that several commands share."""

from __future__ import annotations

from gradstep.cli.arguments.parser import Parser
from gradstep.cli.arguments.values import port, steps
from gradstep.protocol.launch import DETAILS, ENGINES


def add_ascii(parser: Parser) -> None:
    """Add --ascii."""
    parser.add_argument(
        "--ascii",
        action="store_true",
        help="draw with ASCII characters only (the default where the locale is not UTF-8)",
    )


def add_web(parser: Parser) -> None:
    """Add --web and --port."""
    parser.add_argument(
        "--web",
        action="store_true",
        help="show the screen in a browser on this machine (needs the extra gradstep[web])",
    )
    parser.add_argument(
        "--port",
        type=port,
        metavar="N",
        default=0,
        help="the port that --web listens on (default: a free one)",
    )


def add_teach(parser: Parser) -> None:
    """Add --teach."""
    parser.add_argument(
        "--teach",
        action="store_true",
        help="begin with a lesson: before each phase, say what it will do, then watch",
    )


def add_recording(parser: Parser, what: str) -> None:
    """Add how to run and record a script; `what` --steps does then."""
    parser.add_argument(
        "--steps", type=steps, metavar="N", default=0, help=f"{what} after N optimizer steps"
    )
    parser.add_argument(
        "--detail",
        choices=DETAILS,
        default="",
        help="how much to record: phases (long runs), events (statistics of every tensor) or "
        "values (contents too; the default)",
    )
    parser.add_argument(
        "--engine",
        choices=ENGINES,
        default="auto",
        help="what 'import torch' means: gradstep's own engine (auto, builtin)",
    )
    parser.add_argument(
        "--python",
        metavar="PATH",
        default="",
        help="the Python that runs the script (default: the active virtual environment's)",
    )


def add_debugging(parser: Parser) -> None:
    """Add all that holds for a script on the screen."""
    parser.add_argument(
        "-b",
        dest="breakpoints",
        metavar="SPEC",
        action="append",
        help="stop at SPEC: WHERE [if CONDITION] [after N], such as backward, 'op:relu if "
        "iteration > 3', change:fc1.weight, nan, train.py:12; with 'log TEXT' at its end it speaks "
        "and does not stop; may be repeated",
    )
    parser.add_argument(
        "--run", action="store_true", help="go on at once instead of stopping at the first line"
    )
    parser.add_argument(
        "--record", metavar="FILE", default="", help="keep the trace of the run in FILE"
    )
    add_ascii(parser)
    add_web(parser)
    add_teach(parser)
    add_recording(parser, "stop")
    # Shown in the help only: `find_script` takes these words before argparse could.
    parser.add_argument(
        "-m", dest="module", metavar="MODULE", help="run a module instead of a script"
    )
