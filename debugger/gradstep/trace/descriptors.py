"""Watches over the file descriptors of a trace, which share a process with the user's script.

A script that closes all descriptors, as daemons do, closes the trace's. SQLite would not notice:
it would write into whatever the script opens next under the same numbers.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import Final

_LISTS: Final = ("/proc/self/fd", "/dev/fd")
_SUFFIXES: Final = ("", "-wal", "-shm")


class Descriptors:
    """The descriptors under which a process has a trace open."""

    def __init__(self, path: str) -> None:
        """Find them; where the system does not list descriptors there are none to watch."""
        wanted = set()
        for suffix in _SUFFIXES:
            with contextlib.suppress(OSError):
                wanted.add(_identity(os.stat(path + suffix)))
        self._known: dict[int, tuple[int, int]] = {}
        for number in _numbers():
            with contextlib.suppress(OSError):
                found = _identity(os.fstat(number))
                if found in wanted:
                    self._known[number] = found

    def check(self) -> None:
        """Make sure that they still are what they were.

        Raises:
            sqlite3.OperationalError: one is closed, or is another file by now.
        """
        for number, known in self._known.items():
            try:
                found = _identity(os.fstat(number))
            except OSError:
                found = None
            if found != known:
                raise sqlite3.OperationalError("the script closed the file")


def abandon(database: sqlite3.Connection) -> None:
    """Keep a connection from ever being closed: closing writes to its descriptors."""
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(database))


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _numbers() -> list[int]:
    for place in _LISTS:
        with contextlib.suppress(OSError):
            return [int(name) for name in os.listdir(place) if name.isdigit()]
    return []
