"""`gradstep export`: where the lines go."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from gradstep.cli.arguments import Arguments, UsageError
from gradstep.export import json_lines
from gradstep.trace.loss_table import loss_lines
from gradstep.trace.reader import Trace


def export(arguments: Arguments) -> int:
    """Write the run as JSON lines, or its losses as CSV, to stdout or a file."""
    with Trace.open(arguments.file) as trace:
        run = trace.run()
        if arguments.losses:
            lines = loss_lines(run, run.head)
        else:
            lines = json_lines(run, values=arguments.values)
        if not arguments.output or arguments.output == "-":
            for line in lines:
                sys.stdout.write(line)
            sys.stdout.flush()
            return 0
        out = Path(arguments.output)
        if out.exists() and os.path.samefile(out, arguments.file):
            raise UsageError("export: -o names the trace itself; it is kept")
        try:
            with out.open("w", encoding="utf-8") as file:
                file.writelines(lines)
        except OSError as error:
            raise UsageError(f"{out} cannot be written: {error.strerror or error}") from None
    return 0
