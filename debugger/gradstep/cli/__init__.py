"""The command `gradstep`. Nothing here imports Textual but the opening of the screen."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Final

from gradstep.cli.arguments import UsageError, parse

TRACEBACK_VARIABLE: Final = "GRADSTEP_TRACEBACK"
"""Set to see the traceback of an error of gradstep's own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; every failure is one line on stderr."""
    try:
        return _run(sys.argv[1:] if argv is None else list(argv))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return _leave_quietly()
    except Exception as error:
        if os.environ.get(TRACEBACK_VARIABLE):
            raise
        return _fail(error)


def _run(argv: list[str]) -> int:
    arguments = parse(argv)
    if arguments is None:
        return 0
    match arguments.command:
        case "demo" if not arguments.script:
            from gradstep.cli.demo import list_scenarios

            return list_scenarios()
        case "record":
            from gradstep.cli.record import record

            return record(arguments)
        case "export":
            from gradstep.cli.export import export

            return export(arguments)
        case "open":
            from gradstep.cli.screen import open_recorded

            return open_recorded(arguments)
    from gradstep.cli.screen import open_live

    return open_live(arguments)


def _fail(error: Exception) -> int:
    line = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, UsageError) or _is_told(error):
        print(f"gradstep: {line}", file=sys.stderr)
        return 2
    print(
        f"gradstep: an error of gradstep's own: {type(error).__name__}: {line}"
        f" ({TRACEBACK_VARIABLE}=1 shows where)",
        file=sys.stderr,
    )
    return 1


def _is_told(error: Exception) -> bool:
    """Tell whether an error's text was written for the user."""
    from gradstep.protocol.breakpoints import BreakpointError
    from gradstep.session.model import SessionError
    from gradstep.trace.errors import TraceError

    return isinstance(error, (BreakpointError, SessionError, TraceError))


def _leave_quietly() -> int:
    """The reader of our output has gone, as `head` does: end like a program that SIGPIPE ended."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return 141
