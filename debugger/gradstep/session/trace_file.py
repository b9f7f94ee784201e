"""The file a run is recorded into: what may be overwritten, and where it lies otherwise."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from gradstep.session.model import SessionError
from gradstep.trace.reader import Trace, TraceError


def check_place(path: Path) -> Path:
    """Return the absolute path if a new trace may be written there, without touching anything.

    Raises:
        SessionError: something that is no trace lies there, or nothing can be written there.
    """
    path = path.expanduser().absolute()
    if path.is_dir():
        raise SessionError(f"{path} is a directory; name a file for the trace")
    try:
        has_content = path.stat().st_size > 0
    except FileNotFoundError:
        has_content = False
    except OSError as error:
        raise SessionError(f"{path} cannot be written: {error.strerror or error}") from None
    if has_content:
        try:
            Trace.open(path).close()
        except TraceError:
            raise SessionError(f"{path} exists and is not a gradstep trace; it is kept") from None
    if not path.parent.is_dir():
        raise SessionError(f"{path} cannot be written: there is no directory {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise SessionError(f"{path} cannot be written: Permission denied")
    return path


def claim(path: Path) -> Path:
    """Make room for a new trace at `path`: only an older trace is ever overwritten.

    Raises:
        SessionError: see `check_place`.
    """
    path = check_place(path)
    try:
        for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        # Only an attempt tells: permissions do not know of full or read-only file systems.
        path.touch(exist_ok=False)
        path.unlink()
    except OSError as error:
        raise SessionError(f"{path} cannot be written: {error.strerror or error}") from None
    return path


class TemporaryPlace:
    """A directory for a trace that goes with its session."""

    def __init__(self) -> None:
        """Make the directory."""
        self.trace = Path(tempfile.mkdtemp(prefix="gradstep-")) / "run.gradstep"

    def remove(self) -> None:
        """Delete it; doing so twice is fine."""
        shutil.rmtree(self.trace.parent, ignore_errors=True)


def default_record_path(script: str, is_module: bool) -> Path:
    """Return where `record` writes without `-o`: the script's name + .gradstep, here."""
    name = script.rpartition(".")[2] if is_module else Path(script).stem
    return Path(os.curdir, f"{name}.gradstep")
