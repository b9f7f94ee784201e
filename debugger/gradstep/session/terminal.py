"""The pseudo-terminal that is the script's stdin, stdout and stderr."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import fcntl
import os
import pty
import struct
import termios
from collections.abc import Callable
from typing import Final

TERMINAL_SIZE: Final = 80, 24
"""Columns and rows until somebody says otherwise."""

_CHUNK: Final = 65536


class ScriptTerminal:
    """Our end of the script's terminal; `on_text` gets what the script prints, as it comes.

    `child_input` and `child_output` are what the child is to be given; `close_child_side` must be
    called once it has them. Where no pseudo-terminal can be had, two pipes take its place.
    """

    def __init__(self, on_text: Callable[[str], None]) -> None:
        """Open the terminal."""
        self.on_text = on_text
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._pending = b""
        self._is_writing = False
        try:
            self._reader, self.child_output = pty.openpty()
        except OSError:
            self._reader, self.child_output = os.pipe()
            self.child_input, self._writer = os.pipe()
        else:
            self._writer = self._reader
            self.child_input = self.child_output
            _make_plain(self.child_output)
        for end in {self._reader, self._writer}:
            os.set_blocking(end, False)
        asyncio.get_running_loop().add_reader(self._reader, self._read_some)

    def close_child_side(self) -> None:
        """Let go of the child's end, so that its own hold is the only one."""
        for end in {self.child_input, self.child_output}:
            os.close(end)

    def write(self, text: str) -> None:
        """Send keys to the script's stdin; what does not fit yet follows when it does."""
        self._pending += text.encode("utf-8", "replace")
        self._write_some()

    def resize(self, columns: int, rows: int) -> None:
        """Tell the script how large its terminal is; pipes have no size."""
        size = struct.pack("HHHH", rows, columns, 0, 0)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._reader, termios.TIOCSWINSZ, size)

    def drain(self) -> None:
        """Read what has been printed and not been read yet."""
        while self._read_some():
            pass

    def close(self) -> None:
        """Close our side; closing twice is fine."""
        if self._reader < 0:
            return
        self._stop_reading()
        self._stop_writing()
        for end in {self._reader, self._writer}:
            os.close(end)
        self._reader = self._writer = -1

    def _read_some(self) -> bool:
        try:
            data = os.read(self._reader, _CHUNK)
        except BlockingIOError:
            return False
        except OSError:
            data = b""  # Linux says EIO once the last process has let go of a terminal.
        if not data:
            self._stop_reading()
            return False
        text = self._decoder.decode(data)
        if text:
            self.on_text(text)
        return True

    def _write_some(self) -> None:
        try:
            written = os.write(self._writer, self._pending[:_CHUNK]) if self._pending else 0
        except BlockingIOError:
            written = 0
        except OSError:
            self._pending = b""  # Nobody reads any more.
            written = 0
        self._pending = self._pending[written:]
        if self._pending and not self._is_writing:
            asyncio.get_running_loop().add_writer(self._writer, self._write_some)
            self._is_writing = True
        elif not self._pending:
            self._stop_writing()

    def _stop_reading(self) -> None:
        asyncio.get_running_loop().remove_reader(self._reader)

    def _stop_writing(self) -> None:
        if self._is_writing:
            asyncio.get_running_loop().remove_writer(self._writer)
            self._is_writing = False


def _make_plain(terminal: int) -> None:
    """Keep line ends as the script writes them; echo stays, so that the console shows input."""
    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.ONLCR
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
