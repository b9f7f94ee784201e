"""How a run ends: the last words in the trace, and tracebacks without frames of ours."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from gradstep.debuggee.failing import place_in_text

OnException = Callable[[BaseException, FrameType | None, str], None]
Describe = Callable[[TracebackType | None], str]
OnEnd = Callable[[int | None, dict[str, str] | None], None]


class Ending:
    """Watches for the end of the process; registered first, so that it runs last."""

    def __init__(
        self,
        ours: tuple[str, ...],
        on_exception: OnException | None,
        on_end: OnEnd,
        describe: Describe = lambda trace: "",
    ) -> None:
        """`on_exception` may hold the process at an uncaught exception; `on_end` is the last.

        `describe` says of a traceback in full which operation it came out of.
        """
        self._describe = describe
        self._ours = tuple(os.path.join(path, "") for path in ours)
        self._on_exception = on_exception
        self._on_end = on_end
        self._pid = os.getpid()
        self._status: int | None = 0
        self._error: dict[str, str] | None = None

    def install(self) -> None:
        """Hook into sys.excepthook, sys.exit and atexit."""
        self._hook_before = sys.excepthook
        sys.excepthook = self._excepthook
        sys.exit = noting_exit(sys.exit, self._note_exit)
        atexit.register(self._finish)

    def _note_exit(self, status: Any = None) -> None:
        # Python tells nobody the exit status; whoever waits for the process knows it for sure.
        # In another thread and in atexit, where the main thread is no more, it changes no status.
        main = threading.main_thread()
        if threading.get_ident() == main.ident and main.is_alive():
            self._status = _status_of(status)

    def _excepthook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        failed = self._describe(trace) if os.getpid() == self._pid else ""
        pruned = prune(error, self._ours)
        if os.getpid() == self._pid:
            self._status = -signal.SIGINT if issubclass(kind, KeyboardInterrupt) else 1
            text = "".join(traceback.format_exception(kind, error, pruned))
            self._error = {"type": kind.__name__, "message": message_of(error), "traceback": text}
            if failed:
                self._error["failed"] = failed
            place = place_in_text(error) if _innermost(pruned) is None else None
            if place is not None:
                self._error["file"], self._error["line"] = place[0], str(place[1])
            if self._on_exception is not None and not issubclass(kind, KeyboardInterrupt):
                self._on_exception(error, _innermost(pruned), failed)
        self._hook_before(kind, error, pruned)

    def _finish(self) -> None:
        if os.getpid() == self._pid:
            self._on_end(self._status, self._error)


def noting_exit(real: Any, note: Callable[..., None]) -> Any:
    """Return what is called like `sys.exit`, is it by its looks, and tells `note` the status.

    A class, because Python calls its `__init__` when `__new__` has returned: so the exception is
    raised by `sys.exit` itself, and no traceback of the script's shows a frame of ours.
    """

    class LikeExit(type):
        def __repr__(cls) -> str:
            return repr(real)

    def tell(cls: Any, *arguments: Any, **wrong: Any) -> Any:
        if len(arguments) < 2 and not wrong:
            note(*arguments)
        return object.__new__(cls)

    names = {"__new__": tell, "__init__": real, "__doc__": real.__doc__, "__module__": "sys"}
    return LikeExit("exit", (), names)


def message_of(error: BaseException) -> str:
    """Return str(error), or what Python itself says in tracebacks where that raises."""
    try:
        return str(error)
    except Exception:
        return "<exception str() failed>"


def prune(error: BaseException, ours: tuple[str, ...]) -> TracebackType | None:
    """Take frames of the debugger's out of an exception and of those that led to it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = _without(current.__traceback__, ours)
        waiting += [current.__cause__, current.__context__]
    return error.__traceback__


def _without(trace: TracebackType | None, ours: tuple[str, ...]) -> TracebackType | None:
    kept = []
    while trace is not None:
        if not trace.tb_frame.f_code.co_filename.startswith(ours):
            kept.append(trace)
        trace = trace.tb_next
    following: TracebackType | None = None
    for one in reversed(kept):
        following = TracebackType(following, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return following


def _innermost(trace: TracebackType | None) -> FrameType | None:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return None if trace is None else trace.tb_frame


def _status_of(status: Any) -> int:
    if status is None:
        return 0
    return int(status) & 0xFF if isinstance(status, int) else 1
