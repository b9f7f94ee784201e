"""What is left for the user when gradstep itself fails: one line and a log file."""

from __future__ import annotations

import os
import tempfile
import time
import traceback
from pathlib import Path

from gradstep.trace.errors import TraceError


def cause_of(error: BaseException) -> BaseException:
    """Return what really went wrong: Textual wraps the error of a worker."""
    inner = getattr(error, "error", None)
    return inner if isinstance(inner, BaseException) else error


def write_log(error: BaseException) -> Path:
    """Write the traceback to a file in gradstep's state folder and return the path."""
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    text = "".join(traceback.format_exception(error))
    for folder in (Path(base) / "gradstep", Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        except OSError:
            continue
        return folder / name
    return Path(os.devnull)


def one_line(error: BaseException, log: Path) -> str:
    """Return the line that the user sees."""
    said = str(error).strip().split("\n")[0]
    what = f"{type(error).__name__}: {said}" if said else type(error).__name__
    return f"gradstep: internal error: {what} (details in {log})"


_noted: dict[tuple[type[BaseException], str], str] = {}


def noted(error: BaseException) -> str:
    """Return the line for an error that one pane survives; the same error is logged once.

    A damaged trace is no error of ours: it is told in its own words.
    """
    if isinstance(error, TraceError):
        return str(error)
    key = (type(error), str(error))
    if key not in _noted:
        _noted[key] = one_line(error, write_log(error))
    return _noted[key]
