"""A live or recorded run as one asyncio object: launch, motions, breakpoints, a cursor in time.

No Textual here, and nothing of the engine: what happened is read from the trace.
"""

from typing import TYPE_CHECKING, Any

from gradstep.session.book import BookEntry, BreakpointBook
from gradstep.session.model import Evaluation, LaunchOptions, OutputPiece, SessionError, Stop

if TYPE_CHECKING:
    from gradstep.session.session import Session

__all__ = [
    "BookEntry",
    "BreakpointBook",
    "Evaluation",
    "LaunchOptions",
    "OutputPiece",
    "Session",
    "SessionError",
    "Stop",
]


def __getattr__(name: str) -> Any:
    """Import `Session` when it is asked for: `gradstep record` needs none, and no asyncio."""
    if name != "Session":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gradstep.session.session import Session

    globals()[name] = Session
    return Session
