"""`gradstep export`: which lines, and where they go."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from gradstep.cli.arguments import Arguments, UsageError
from gradstep.export import json_lines
from gradstep.graph_export import NoGraphError, dot_lines
from gradstep.trace.array_file import ArrayFileError, write_lines
from gradstep.trace.loss_table import loss_lines
from gradstep.trace.reader import RunTrace, Trace


def export(arguments: Arguments) -> int:
    """Write the run as JSON lines, its losses as CSV or a graph as DOT, to stdout or a file."""
    with Trace.open(arguments.file) as trace:
        run = trace.run()
        if not arguments.output or arguments.output == "-":
            for line in _lines(run, arguments):
                sys.stdout.write(line)
            sys.stdout.flush()
            return 0
        out = Path(arguments.output)
        _check_place(out, arguments)
        try:
            write_lines(out, _lines(run, arguments), overwrite=arguments.force)
        except ArrayFileError as error:
            raise UsageError(f"export: {error}") from None
    return 0


def _check_place(out: Path, arguments: Arguments) -> None:
    """Refuse a file that is there, before anything is read."""
    try:
        if not out.exists():
            return
        if os.path.samefile(out, arguments.file):
            raise UsageError("export: -o names the trace itself; it is kept")
        if out.is_file() and not arguments.force:
            raise UsageError(f"export: {out} exists; --force overwrites it")
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror or error}") from None


def _lines(run: RunTrace, arguments: Arguments) -> Iterator[str]:
    if arguments.losses:
        return loss_lines(run, run.head)
    if not arguments.graph:
        return json_lines(run, values=arguments.values)
    head = run.head
    if arguments.at > head or not head:
        raise UsageError(f"export: there is no event {arguments.at}; the run's last is {head}")
    try:
        # A graph is small, and a refusal must come before the file is opened for writing.
        return iter([*dot_lines(run.at(arguments.at or head))])
    except NoGraphError as error:
        raise UsageError(f"export: {error}; --at chooses another event") from None
