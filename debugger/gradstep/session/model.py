"""The values that go into a session and come out of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class SessionError(Exception):
    """Something that cannot be done, said in one line for the user."""


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """What to run and how.

    `script` is a path, or a module's name if `module`. `python` is the interpreter, "" for the
    active virtual environment's or our own. `detail` is "" for the engine's default.
    `record_path` keeps the trace there; without it the trace goes with the session. `run` goes on
    at once instead of pausing before the first line. `steps` pauses after so many optimizer steps,
    0 for never.
    """

    script: str
    args: tuple[str, ...] = ()
    python: str = ""
    engine: str = "auto"
    detail: str = ""
    breakpoints: tuple[str, ...] = ()
    record_path: Path | None = None
    run: bool = False
    steps: int = 0
    module: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """Why the cursor stands where it stands.

    `reason` is entry, motion, breakpoint, pause, exception, condition_error (a condition that
    could not be evaluated), exited (the process is gone), beginning or end (nothing lies further
    that way in the trace). `message` is a sentence for the user, "" where there is nothing to say.
    `file`/`line` is where the script stands, "" and 0 where that is the event's own line.
    """

    reason: str
    seq: int
    breakpoints: tuple[int, ...] = ()
    message: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answer to an expression or a statement: `text` if `ok`, else `error`, one line.

    `warnings` are those that answering caused, one line each.
    """

    ok: bool
    text: str = ""
    error: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputPiece:
    """Something that the script printed, as it came, and the newest event at that time."""

    seq: int
    text: str
