"""`gradstep connect`: the connection view of a recorded run as text."""

from __future__ import annotations

import shutil
import sys
from typing import Final

from gradstep.cli.arguments import Arguments, UsageError
from gradstep.trace.reader import Trace
from gradstep.views.connection import connection_view
from gradstep.views.glyphs import ASCII, UNICODE
from gradstep.views.text import plain, visible

PIPE_WIDTH: Final = 200
"""Cells to a line where nobody says how many there are."""


def connect(arguments: Arguments) -> int:
    """Print what joins the parameters with a loss and with the optimizers."""
    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    glyphs = ASCII if arguments.ascii or not is_utf8 else UNICODE
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH
    with Trace.open(arguments.file) as trace:
        run = trace.run()
        head = run.head
        if not head:
            raise UsageError(f"connect: {arguments.file} holds no event")
        if arguments.at > head:
            raise UsageError(f"connect: there is no event {arguments.at:,}; the last is {head:,}")
        view = connection_view(
            run.at(arguments.at or head),
            choice=arguments.loss - 1,
            worst_first=arguments.worst,
            width=max(40, width),
            glyphs=glyphs,
        )
        count = len(view.wiring.losses)
        if arguments.loss > max(count, 1):
            verb = "is" if count == 1 else "are"
            raise UsageError(f"connect: there is no loss {arguments.loss}; there {verb} {count}")
        which = f", loss {arguments.loss} of {count}" if count > 1 else ""
        text = f"{visible(view.title)}{which}, at event {arguments.at or head:,} of {head:,}\n"
        text += plain(view.report())
    if glyphs is ASCII:
        from gradstep.tui.plain_ascii import in_ascii

        text = in_ascii(text)
    print(text)
    sys.stdout.flush()
    return 0
