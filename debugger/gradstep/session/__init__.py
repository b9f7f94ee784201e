"""A live or recorded run as one asyncio object: launch, motions, breakpoints, a cursor in time.

No Textual here, and nothing of the engine: what happened is read from the trace.
"""

from gradstep.session.book import BookEntry, BreakpointBook
from gradstep.session.model import Evaluation, LaunchOptions, OutputPiece, SessionError, Stop
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
