"""Says in words why the script stands, once for each stop, and what the title adds to its state."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from gradstep.tui.frame import Frame

if TYPE_CHECKING:
    from gradstep.session.remarks import Remarks

KEPT_SHOWN: Final = 4
"""Breakpoints that the greeting names."""

REMARKS_SHOWN: Final = 500
"""Lines of logpoints that are said at once."""

Say = Callable[[str, str, str], None]

STAND_IN = "built-in engine"
"""What the title says of the engine while nothing is more urgent."""


class Announcer:
    """Remembers what was said, so that repainting repeats nothing."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self._stop: object = None
        self._ended = False
        self._greeted = False
        self._notice = ""
        self._remarks = 0
        self._flash: tuple[str, str] | None = None

    def flash(self) -> tuple[str, str] | None:
        """Return the words of a new stop that the footer is to show, with their style; once."""
        flash, self._flash = self._flash, None
        return flash

    def note(self, frame: Frame) -> str:
        """Return what the title shows before the state."""
        if frame.state == "past":
            return f"event {frame.cursor:,} of {frame.head:,}"
        if frame.state in ("running", "recorded"):
            return f"event {frame.head if frame.state == 'running' else frame.cursor:,}"
        if frame.state == "exited":
            return ending(frame)
        return STAND_IN if is_stand_in(frame) else ""

    def announce(self, frame: Frame, say: Say) -> None:
        """Say the latest stop, and the end of the script, if they are new."""
        session = frame.session
        if session is None:
            return
        if not self._greeted:
            self._greeted = True
            if session.breakpoints.kept:
                say(kept_text(session.breakpoints.kept), "accent", "● ")
        self._say_remarks(session.remarks, say)
        stop = session.stop
        if stop is not None and stop is not self._stop:
            self._stop = stop
            self._say_stop(frame, say)
        if session.notice and session.notice != self._notice:
            say(session.notice, "warning", "▲ ")
        self._notice = session.notice
        ended = session.state == "exited"
        if ended and not self._ended:
            style = "dim" if session.exit_status == 0 else "error"
            stop = session.stop
            told = stop.message if stop is not None and stop.reason == "exited" else ""
            say(f"the script ended: {told or ending(frame)}", style, "□ ")
        self._ended = ended

    def _say_remarks(self, remarks: Remarks, say: Say) -> None:
        """Say what logpoints said since the last time; of a flood, the end."""
        found = remarks.since(self._remarks)
        left_out = remarks.count - self._remarks - min(len(found), REMARKS_SHOWN)
        self._remarks = remarks.count
        if left_out > 0:
            say(f"{left_out:,} lines of logpoints left out", "dim", "· ")
        for remark in found[-REMARKS_SHOWN:]:
            where = f"event {remark.seq:,}: " if remark.seq else ""
            style, mark = ("warning", "▲ ") if remark.failed else ("", "» ")
            say(f"{where}{remark.text}", style, mark)

    def _say_stop(self, frame: Frame, say: Say) -> None:
        assert frame.session is not None
        stop = frame.session.stop
        assert stop is not None
        where = f"event {stop.seq:,}"
        if stop.reason == "breakpoint":
            text = f"{stop.message or 'breakpoint'} · {where}"
            say(text, "accent", "■ ")
            self._flash = f"■ {text}", "accent"
        elif stop.reason == "condition_error":
            say(f"a breakpoint's condition failed · {stop.message}", "warning", "▲ ")
        elif stop.reason == "exception":
            say(f"stopped at an exception · {stop.message}", "error", "✗ ")
            self._flash = f"✗ {stop.message}", "error"
        elif stop.reason in ("beginning", "end"):
            say(stop.message, "dim", "· ")
            self._flash = f"· {stop.message}", ""
        elif stop.reason == "pause":
            say(f"paused · {where}", "dim", "■ ")
        elif stop.reason == "entry":
            say("stopped before the first line · s steps, p goes phase by phase", "dim", "■ ")
            if is_stand_in(frame):
                say("`import torch` gives the script gradstep's built-in engine", "dim", "· ")


def kept_text(texts: Sequence[str]) -> str:
    """Return the line that says which breakpoints an earlier session left."""
    count = f"{len(texts)} breakpoint{'s' if len(texts) > 1 else ''}"
    more = f"; and {len(texts) - KEPT_SHOWN} more" if len(texts) > KEPT_SHOWN else ""
    return f"{count} kept from before: {'; '.join(texts[:KEPT_SHOWN])}{more} · B lists them"


def is_stand_in(frame: Frame) -> bool:
    """Tell whether the built-in engine stands in for PyTorch."""
    return frame.moment is not None and frame.moment.run.info.engine == "builtin"


def ending(frame: Frame) -> str:
    """Return how the script ended: its exit status, or the signal that killed it."""
    status = frame.session.exit_status if frame.session is not None else None
    if status is None:
        return "without a word"
    if status < 0:
        try:
            return f"killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"killed by signal {-status}"
    return f"exit status {status}"
