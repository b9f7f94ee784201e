"""Motions over recorded events, both ways, with the breakpoints that lie in between.

Where a motion ends is a question to the database; of the breakpoints only the events that can be
at one are read. Walks give way to the event loop as they go, so that a long one leaves the screen
alive, and can be called off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from types import CodeType
from typing import Any, Final, TypeVar

from gradstep.protocol.breakpoints import Entry, Hit, Said, judge, reason_of, say
from gradstep.protocol.motions import MotionError
from gradstep.protocol.row import EventRow
from gradstep.session.condition_batch import ConditionBatch
from gradstep.session.hits import Hits
from gradstep.session.model import SessionError, Stop
from gradstep.session.recorded_names import RecordedNames
from gradstep.session.recorded_probe import RecordedProbe
from gradstep.trace.breakpoint_scan import BreakpointScan, Placed
from gradstep.trace.landing import landing
from gradstep.trace.reader import RunTrace
from gradstep.trace.scan import Steps

T = TypeVar("T")

BREATH_SECONDS: Final = 0.02
"""How long a walk may hold up the screen at a time."""

OnSaid = Callable[[int, int, Said], None]
"""Takes the event, the breakpoint's number and the words of a logpoint."""


class _CalledOff(Exception):
    """The user gave a walk up; `seq` is where it was."""

    def __init__(self, seq: int) -> None:
        super().__init__(seq)
        self.seq = seq


class Walk:
    """One walk over a run. `call_off` ends it at the event it has reached."""

    def __init__(
        self,
        run: RunTrace,
        motion: str,
        origin: EventRow,
        target: Any,
        entries: Iterable[Entry],
        told: dict[int, str],
        counted: Hits,
        *,
        start: int = 0,
        on_said: OnSaid | None = None,
    ) -> None:
        """Prepare to walk from `origin`, with copies of the breakpoints.

        `start` is the event where the cursor stands, if that is another one: what the user changed
        at a stop lies between them. `told` outlives the walk: of each breakpoint the unknown name
        that a stop has told of. So does `counted`: hits are counted once.
        """
        self.occurrence = 1
        self._run = run
        self._motion = motion
        self._origin = origin
        self._start = start or origin.seq
        self._probe = RecordedProbe(run)
        self._on_said = on_said
        self._target = target
        self._told = told
        self._counted = counted
        self._passes: dict[int, frozenset[int]] = {}
        self._entries = [entry for entry in entries if entry.enabled]
        self._batches: dict[int, ConditionBatch] = {}
        self._is_called_off = False
        self._breathed = time.monotonic()

    def call_off(self) -> None:
        """End the walk where it is."""
        self._is_called_off = True

    async def forward(self, end: int) -> Stop | None:
        """Walk over the events after the origin up to `end`; None if nothing stops it.

        `occurrence` is then what is left of the motion's count, for the script to go on with.

        Raises:
            SessionError: no such motion, or a target that says nothing.
        """
        try:
            seq = await self._landing(end, backward=False)
            stop = end + 1 if seq is None else seq + 1
            found = await self._hit(self._start + 1, stop, backward=False)
            self._tell_troubles(is_whole=found is None and seq is None)
        except _CalledOff as here:
            return Stop("pause", here.seq)
        return found or (None if seq is None else Stop("motion", seq))

    async def backward(self, begun: int | None = None) -> Stop | None:
        """Walk over the events before the origin, latest first; None if nothing stops it.

        `begun` is the event at which the motion that is taken back began.

        Raises:
            SessionError: no such motion, or a target that says nothing.
        """
        try:
            seq = begun or await self._landing(self._start, backward=True)
            found = await self._hit(seq or 1, self._start, backward=True)
            self._tell_troubles(is_whole=found is None and seq is None)
        except _CalledOff as here:
            return Stop("pause", here.seq)
        return found or (None if seq is None or begun == 1 else Stop("motion", seq))

    async def _landing(self, end: int, *, backward: bool) -> int | None:
        try:
            steps = landing(
                self._run,
                self._motion,
                self._origin,
                start=self._start,
                end=end,
                backward=backward,
                target=self._target,
            )
            found = await self._driven(steps)
        except MotionError as error:
            raise SessionError(str(error)) from None
        self.occurrence = found.occurrence
        return found.seq

    async def _driven(self, steps: Steps[T]) -> T:
        """Make a search, giving way between its pieces."""
        while True:
            try:
                next(steps)
            except StopIteration as found:
                result: T = found.value
                return result
            await self._breathe(self._start)

    async def _hit(self, start: int, stop: int, *, backward: bool) -> Stop | None:
        """Find the first breakpoint that stops among the events [start, stop), or the last."""
        if not self._entries or start >= stop:
            return None
        await self._count_passes(stop)
        scan = BreakpointScan(self._run, self._entries, self._probe)
        for low, high, seqs in scan.pieces(start, stop, descending=backward, worth=self._worth):
            for row, entries in _ordered(scan, seqs, backward):
                hits = self._hits(row, entries)
                if hits:
                    return _stop(row.seq, hits)
                await self._breathe(row.seq)
            await self._breathe(low if backward else high - 1)
        return None

    def _worth(self, entry: Entry, seqs: list[int]) -> list[int]:
        """Leave out the events that a breakpoint lets pass, or whose columns say no."""
        passed = self._passes.get(entry.id)
        left = [seq for seq in seqs if seq not in passed] if passed else seqs
        batch = self._batch(entry)
        return (
            left if batch is None else [s for s, holds in batch.judged(left) if holds is not False]
        )

    def _batch(self, entry: Entry) -> ConditionBatch | None:
        code = entry.breakpoint.code
        if code is None:
            return None
        if entry.id not in self._batches:
            self._batches[entry.id] = ConditionBatch(self._run, entry.breakpoint.condition, code)
        return self._batches[entry.id]

    def _hits(self, row: EventRow, placed: Iterable[Entry]) -> tuple[Hit, ...]:
        """Return what stops at a row; logpoints have spoken then."""
        hits = []
        for entry in placed:
            hit = self._judge(row, entry)
            if hit is None:
                continue
            if not hit.error:
                hit = replace(hit, told=self._probe.told(entry, row))
            code = entry.breakpoint.message
            if code is None:
                hits.append(hit)
            else:
                self._say(row, code, hit)
        return tuple(hits)

    def _say(self, row: EventRow, code: CodeType, hit: Hit) -> None:
        if self._on_said is not None:
            evaluate = RecordedNames(self._run.at(row.seq)).evaluate
            failed = Said(hit.error, failed=True)
            self._on_said(row.seq, hit.id, failed if hit.error else say(code, evaluate, hit.told))

    def _tell_troubles(self, *, is_whole: bool) -> None:
        """Tell of expressions that failed, and after a whole walk of those without a value.

        Where a walk ended early, a value may be yet to come.
        """
        told = self._probe.mistakes() | (self._probe.lacking() if is_whole else {})
        for number, text in told.items():
            if self._on_said is not None:
                self._on_said(0, number, Said(text, failed=True))

    def _judge(self, row: EventRow, entry: Entry) -> Hit | None:
        if row.seq in self._passes.get(entry.id, ()):
            return None
        # `after` is settled by what is let pass: here only the condition decides.
        names = RecordedNames(self._run.at(row.seq))
        passes, known = entry.breakpoint.after, self._told.get(entry.id, "")
        probe = Entry(entry.id, entry.breakpoint, hits=passes, told=known)
        hit = judge(probe, names.evaluate)
        self._told[entry.id] = probe.told
        return hit

    async def _count_passes(self, stop: int) -> None:
        """Find the events before `stop` that `after N` lets pass: the first N hits of the run."""
        for entry in self._entries:
            after = entry.breakpoint.after
            if after:
                for _ in self._counted.find(self._run, entry, stop, self._probe, after):
                    await self._breathe(self._start)
                self._passes[entry.id] = self._counted.first(self._run, entry, after)

    async def _breathe(self, here: int) -> None:
        """Let the screen live, and see whether the user gave up."""
        if time.monotonic() - self._breathed < BREATH_SECONDS:
            return
        await asyncio.sleep(0)
        self._breathed = time.monotonic()
        if self._is_called_off:
            raise _CalledOff(here)


def _ordered(scan: BreakpointScan, seqs: list[int], backward: bool) -> Iterator[Placed]:
    """Give placed rows as the walk meets them; backward a piece is placed in small parts."""
    if not backward:
        yield from scan.placed(seqs)
        return
    while seqs:
        part = seqs[-_PART:]
        yield from reversed(list(scan.placed(part)))
        seqs = seqs[:-_PART]


_PART: Final = 128


def _stop(seq: int, hits: Iterable[Hit]) -> Stop:
    found = list(hits)
    reason, message = reason_of(found)
    return Stop(reason, seq, tuple(hit.id for hit in found), message)
