"""What the script prints, passed on untouched and noted on the way."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from typing import Any, Final

Note = Callable[[str, str], None]
"""Called with (stream name, text) after the text was written."""

_kept: Final[list[io.TextIOWrapper]] = []


class NotingStream(io.TextIOWrapper):
    """Standard output or error that also tells what passes; everything else is as it was."""

    mode: str

    def __init__(self, stream: io.TextIOWrapper, name: str, note: Note) -> None:
        """Write to the same buffer as `stream`, in the same way."""
        super().__init__(
            stream.buffer,
            encoding=stream.encoding,
            errors=stream.errors,
            newline="" if sys.platform == "win32" else "\n",
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        self.mode = "w"
        self._stream_name = name
        self._note = note

    def write(self, text: str, /) -> int:
        """Write as ever, then tell."""
        written = super().write(text)
        self._note(self._stream_name, text)
        return written


def install(note: Note) -> None:
    """Put noting streams in place of sys.stdout and sys.stderr where they are ordinary ones."""
    for name in ("stdout", "stderr"):
        stream: Any = getattr(sys, name)
        if type(stream) is not io.TextIOWrapper:
            continue
        stream.flush()
        noting = NotingStream(stream, name, note)
        # Collected, it would close the file descriptor's buffer for sys.__stdout__ as well.
        _kept.append(noting)
        setattr(sys, name, noting)


def flush_streams() -> None:
    """Bring what the script has printed so far to its reader."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()
