"""How the screen gets its session: launch a script, or open a recorded run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradstep.session import LaunchOptions
    from gradstep.tui.port import SessionPort

Opener = Callable[[], Awaitable["SessionPort"]]


def opener_for(
    launch: LaunchOptions | None, open_path: Path | None, breakpoints: Sequence[str] = ()
) -> tuple[Opener, str]:
    """Return what opens the session, and the name to show until it is there.

    `breakpoints` are for a recorded run; those of a launch stand in its options.

    Raises:
        ValueError: not exactly one of the two was given.
        TraceError: the file cannot be read as a trace.
    """
    if (launch is None) == (open_path is None):
        raise ValueError("give a script to launch or a trace to open")
    from gradstep.session import Session

    recorded = Session.open(open_path, breakpoints) if open_path is not None else None

    async def open_session() -> SessionPort:
        if launch is not None:
            return await Session.launch(launch)
        assert recorded is not None
        return recorded

    return open_session, str(launch.script if launch is not None else open_path)
