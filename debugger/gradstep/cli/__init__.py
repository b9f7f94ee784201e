"""The command `gradstep`. Nothing here imports Textual but the opening of the screen."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from typing import Final

from gradstep.cli.arguments import UsageError, parse

TRACEBACK_VARIABLE: Final = "GRADSTEP_TRACEBACK"
"""Set to see the traceback of an error of gradstep's own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; every failure is one line on stderr."""
    if argv is None:
        _open_standard_streams()
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
        case "connect":
            from gradstep.cli.connect import connect

            return connect(arguments)
        case "diff":
            from gradstep.cli.diff import diff

            return diff(arguments)
        case "config":
            from gradstep.cli.config import config

            return config(arguments)
        case "open":
            from gradstep.cli.screen import open_recorded

            return open_recorded(arguments)
    from gradstep.cli.screen import open_live

    return open_live(arguments)


def _open_standard_streams() -> None:
    """Let 0, 1 and 2 lead somewhere: what is opened later must not be taken for one of them."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            nowhere = os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one
            os.set_inheritable(nowhere, True)
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            # Left open to the end, as the streams that Python itself opens are.
            stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115
            setattr(sys, name, stream)


def _fail(error: Exception) -> int:
    from gradstep.views.text import visible

    line = visible(" ".join(str(error).split())) or type(error).__name__
    if isinstance(error, UsageError) or _is_told(error):
        print(f"gradstep: {line}", file=sys.stderr)
        return 2
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO}:
        print(f"gradstep: {error.filename or 'the output'}: {error.strerror}", file=sys.stderr)
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
    from gradstep.settings import SettingsError
    from gradstep.trace.errors import TraceError

    return isinstance(error, (BreakpointError, SessionError, SettingsError, TraceError))


def _leave_quietly() -> int:
    """The reader of our output has gone, as `head` does: end like a program that SIGPIPE ended."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    return 141
