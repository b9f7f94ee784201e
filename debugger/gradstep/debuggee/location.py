"""Which source line of the user's caused what happens now."""

from __future__ import annotations

import os
import sys
import sysconfig
import tokenize
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Final

_UNKNOWN: Final = ("", 0)
_PLACES: Final = 10_000


class Locator:
    """Finds the innermost frame that runs the user's own code.

    Not the user's: our packages, the standard library, installed packages, code without a file.
    The script itself always is, wherever it lies. `on_source` is called with each new file.
    """

    def __init__(
        self, script: str, ours: tuple[str, ...], on_source: Callable[[str, str], None]
    ) -> None:
        """Take the script's path and the directories of our packages."""
        self._directory = os.getcwd()
        self.script = os.path.abspath(script)
        self._folder = os.path.dirname(self.script) + os.sep
        self._ours = tuple(os.path.join(path, "") for path in ours)
        paths = sysconfig.get_paths()
        installed = {paths[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
        self._installed = tuple(os.path.join(path, "") for path in installed)
        self._files: dict[str, str] = {}
        self._places: dict[tuple[int, int], tuple[CodeType, tuple[str, int]]] = {}
        self._on_source = on_source

    def file_of(self, code: CodeType) -> str:
        """Return the absolute path of a user's file, "" if the code is not the user's."""
        name = code.co_filename
        found = self._files.get(name)
        if found is None:
            found = self._classify(name)
            self._files[name] = found
            if found:
                self._on_source(found, read_source(found))
        return found

    def user_frame(self, frame: FrameType | None = None) -> FrameType | None:
        """Return the innermost frame of the user's, from `frame` or the caller outwards."""
        current = sys._getframe(1) if frame is None else frame
        files = self._files
        while current is not None:
            file = files.get(current.f_code.co_filename)
            if file or (file is None and self.file_of(current.f_code)):
                return current
            current = current.f_back  # type: ignore[assignment]
        return None

    def place(self, frame: FrameType | None) -> tuple[str, int]:
        """Return (file, line) that a user's frame executes; ("", 0) for none."""
        if frame is None:
            return _UNKNOWN
        code = frame.f_code
        # Python finds a line by walking the function's line table from its beginning.
        key = (id(code), frame.f_lasti)
        known = self._places.get(key)
        if known is not None and known[0] is code:
            return known[1]
        place = self.file_of(code), frame.f_lineno or 0
        if len(self._places) >= _PLACES:
            self._places.clear()
        self._places[key] = code, place
        return place

    def is_ours(self, code: CodeType) -> bool:
        """Tell whether code belongs to the debugger or the engine."""
        return not self.file_of(code) and os.path.abspath(code.co_filename).startswith(self._ours)

    def is_within_ours(self, frame: FrameType, user: FrameType) -> bool:
        """Tell whether our code runs in `frame`, or in a caller of it inside of the user's."""
        inner: FrameType | None = frame
        while inner is not None and inner is not user:
            if self.is_ours(inner.f_code):
                return True
            inner = inner.f_back
        return False

    def _classify(self, name: str) -> str:
        if not name or name.startswith("<"):
            return ""
        # Relative to where the process started: the script may have changed directory since.
        path = os.path.normpath(os.path.join(self._directory, name))
        if path == self.script:
            return path
        if path.startswith(self._ours):
            return ""
        if path.startswith(self._installed) and not self._is_beside_script(path):
            return ""
        return path if os.path.isfile(path) else ""

    def _is_beside_script(self, path: str) -> bool:
        # A script among installed packages has its own folder; an environment inside the script's
        # folder, as .venv often is, is no part of it.
        is_among = self._folder.startswith(self._installed) and self._folder not in self._installed
        return is_among and path.startswith(self._folder)


def read_source(file: str) -> str:
    """Return the text of a source file, in the encoding that it declares; "" if unreadable."""
    try:
        with tokenize.open(file) as source:
            return source.read()
    except (SyntaxError, UnicodeDecodeError):
        with open(file, encoding="utf-8", errors="replace") as source:
            return source.read()
    except OSError:
        return ""
