"""A cursor in a run: where it stands, how it moves over recorded rows, who is told of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from gradstep.protocol.breakpoints import Said
from gradstep.protocol.row import EventRow
from gradstep.session.book import BreakpointBook
from gradstep.session.changes import Changes
from gradstep.session.hits import Hits
from gradstep.session.model import OutputPiece, SessionError, Stop
from gradstep.session.past_output import PastOutput
from gradstep.session.recorded_probe import RecordedProbe
from gradstep.session.remarks import Remark, Remarks
from gradstep.session.walk import Walk
from gradstep.trace.moment import Moment
from gradstep.trace.reader import RunTrace, Trace, TraceError

POLL_SECONDS: Final = 1 / 15
OUTPUT_PIECES: Final = 10_000
PAST_PIECES: Final = 2_000
"""Prints before a recorded event that are read: after a jump that is what waits on the picture."""
OUTPUT_CHARACTERS: Final = 500_000
"""What is kept to be shown of what the script prints; the trace has the rest."""


class RunCursor:
    """A run that may still grow, and a place in it.

    `cursor` is the event that everything is shown as of, `head` the newest recorded one; a cursor
    that stands at the edge of a live run moves along with it.
    """

    def __init__(self, script: str) -> None:
        """Start without a run; `script` is whose breakpoints count."""
        self.trace: Trace
        self.run: RunTrace
        self.state = "starting"
        self.stop: Stop | None = None
        self.live_stop: Stop | None = None
        self.cursor = 0
        self.head = 0
        self.notice = ""
        self.breakpoints = BreakpointBook(script, self._breakpoints_changed)
        self.remarks = Remarks()
        self._changes = Changes()
        self._pieces: deque[OutputPiece] = deque()
        self._characters = 0
        self._past_output = PastOutput(OUTPUT_CHARACTERS, PAST_PIECES)
        self._counted = Hits()
        self._follows = True
        self._moment: Moment | None = None
        self._poller: asyncio.Task[None] | None = None

    @property
    def is_live(self) -> bool:
        """Whether there is a process that can go on."""
        return self.state in {"starting", "running", "paused"}

    @property
    def at_edge(self) -> bool:
        """Whether the cursor stands at the newest event."""
        return self.cursor == self.head

    @property
    def output(self) -> Sequence[OutputPiece]:
        """What the script printed, oldest first; of a great deal, the latest."""
        return tuple(self._pieces)

    def _keep_output(self, piece: OutputPiece) -> None:
        self._pieces.append(piece)
        self._characters += len(piece.text)
        while len(self._pieces) > OUTPUT_PIECES or (
            self._characters > OUTPUT_CHARACTERS and len(self._pieces) > 1
        ):
            self._characters -= len(self._pieces.popleft().text)

    def _forget_output(self) -> None:
        self._pieces.clear()
        self._characters = 0

    def printed(self) -> str:
        """Return what the script had printed at the cursor; of a great deal, the latest.

        At a live run's edge that is all that came from its terminal, what C code printed included;
        of the past the trace knows exactly what Python had printed.
        """
        if self.state != "recorded" and self.at_edge:
            return "".join(piece.text for piece in self._pieces)
        return self._past_output.upto(self.run, self.cursor) if self.cursor else ""

    def moment(self) -> Moment:
        """Return the trace as of the cursor."""
        # The same moment while the cursor stands: what it has read it need not read again.
        if self._moment is None or (self._moment.run, self._moment.seq) != (self.run, self.cursor):
            self._moment = self.run.at(self.cursor)
        return self._moment

    async def count_hits(self) -> dict[int, int | None]:
        """Count how often breakpoints were met by the cursor, None where that would take long.

        At a live run's edge the script counts them itself, since they were set: nothing is said.
        """
        found: dict[int, int | None] = {}
        if not self.cursor or (self.is_live and self.at_edge):
            return found
        run, upto, probe = self.run, self.cursor, RecordedProbe(self.run)
        for entry in self.breakpoints.entries():
            if entry.enabled:
                found[entry.id] = self._counted.by(run, entry, upto, probe)
                await asyncio.sleep(0)
        return found

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` called on the loop whenever anything here changed, once per turn."""
        return self._changes.subscribe(callback)

    async def wait_for(self, predicate: Callable[[], bool]) -> None:
        """Return as soon as `predicate` holds; it is asked at every change."""
        await self._changes.wait_for(predicate)

    async def seek(self, seq: int) -> None:
        """Put the cursor on an event.

        Raises:
            SessionError: there is no such event.
        """
        if not 1 <= seq <= self.head:
            raise SessionError(f"there is no event {seq}; there are 1 to {self.head}")
        self._move_cursor(seq)

    async def to_edge(self) -> None:
        """Put the cursor on the newest event."""
        self._move_cursor(self.head)

    def _new_walk(self, name: str, origin: EventRow, target: Any) -> Walk:
        return Walk(
            self.run,
            name,
            origin,
            target,
            self.breakpoints.entries(),
            self.breakpoints.told,
            self._counted,
            start=self.cursor,
            on_said=self._said,
        )

    def _land(self, stop: Stop | None, *, backward: bool = False) -> Stop:
        if stop is None and backward:
            stop = Stop("beginning", 1, message="the beginning of the run")
        elif stop is None:
            stop = Stop("end", self.head, message=self._end_message())
        self.stop = self._with_message(stop)
        self._move_cursor(stop.seq)
        return self.stop

    def _end_message(self) -> str:
        return "the end of the recorded run"

    def _with_message(self, stop: Stop) -> Stop:
        if stop.reason != "breakpoint":
            return stop
        texts = [e.text for e in self.breakpoints.list() if e.id in stop.breakpoints]
        named = ", ".join(f"breakpoint {text}" for text in texts)
        return replace(stop, message=" · ".join(filter(None, (named, stop.message))))

    def _said(self, seq: int, number: int, said: Said) -> None:
        """Keep what a logpoint said; an error of one that has told it already is dropped."""
        if said.failed:
            if self.breakpoints.notes.get(number) == said.text:
                return
            self.breakpoints.notes[number] = said.text
        text = said.text
        if said.failed:
            named = next((e.text for e in self.breakpoints.list() if e.id == number), "")
            text = f"breakpoint {named}: {text}"
        self.remarks.add(Remark(seq, text, said.failed))

    def _move_cursor(self, seq: int) -> None:
        self.cursor = seq
        self._follows = self.is_live and seq == self.head
        self._changed()

    def _start_polling(self) -> None:
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll())

    def _stop_polling(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            self._poller = None

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self._read_head()

    def _read_head(self, at_least: int = 0) -> None:
        with contextlib.suppress(TraceError):  # the next look finds what this one missed
            head = max(self.run.head, at_least)
            if head != self.head:
                self.head = head
                if self._follows:
                    self.cursor = head
                self._changed()

    def _breakpoints_changed(self) -> None:
        self._changed()

    def _changed(self) -> None:
        self._changes.changed()
