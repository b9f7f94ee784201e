"""Drive the debugger without a terminal: test your own script's training loop step by step.

    async with open_debugger("train.py") as (app, pilot):
        await pilot.press("p")
        await app.reached(lambda frame: frame.moves >= 1)
        assert "zero_grad" in screen_text(app)

Wait with `app.reached` on facts that stay true (`frame.moves >= 1`, `frame.head >= 20`,
`frame.state == "exited"`): the script is a process of its own, so no fixed pause is long enough.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from gradstep.tui.app import GradstepApp

__all__ = ["GradstepApp", "open_debugger", "open_recording", "screen_text"]


@asynccontextmanager
async def open_debugger(
    script: str | Path,
    args: Sequence[str] = (),
    *,
    size: tuple[int, int] = (120, 40),
    **options: Any,
) -> AsyncIterator[tuple[GradstepApp, Pilot[int]]]:
    """Start the debugger on a script, stopped before its first line; further `LaunchOptions` fit.

    Leaving the block ends the script.
    """
    from gradstep.session import LaunchOptions

    launch = LaunchOptions(script=str(script), args=tuple(args), **options)
    app = GradstepApp(launch=launch)
    async with app.run_test(size=size) as pilot:
        await app.reached(lambda frame: frame.moment is not None and frame.state != "starting")
        yield app, pilot


@asynccontextmanager
async def open_recording(
    path: str | Path, *, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[GradstepApp, Pilot[int]]]:
    """Open a recorded run."""
    app = GradstepApp(open_path=Path(path))
    async with app.run_test(size=size) as pilot:
        await app.reached(lambda frame: frame.moment is not None)
        yield app, pilot


def screen_text(app: GradstepApp) -> str:
    """Return what the screen shows, row by row, trailing blanks removed."""
    # The compositor is the only place where the whole screen stands; Textual has no public way.
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)
