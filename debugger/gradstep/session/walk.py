"""Motions over recorded rows, both ways, with the breakpoints that lie in between.

Walks give way to the event loop as they go, so that a long one leaves the screen alive, and can be
called off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from types import CodeType
from typing import Final

from gradstep.protocol.breakpoints import (
    BreakpointTable,
    Entry,
    Hit,
    Said,
    judge,
    reason_of,
    say,
)
from gradstep.protocol.motions import StopRule
from gradstep.protocol.row import EventRow
from gradstep.session.model import Stop
from gradstep.session.recorded_names import RecordedNames
from gradstep.session.recorded_probe import RecordedProbe
from gradstep.trace.reader import RunTrace

_WINDOW: Final = 512
OnSaid = Callable[[int, int, Said], None]
"""Takes the event, the breakpoint's number and the words of a logpoint."""

_CONTEXT: Final = 64  # rows before a window, for places that depend on the row before


class Walk:
    """One walk over a run. `call_off` ends it at the row it has reached."""

    def __init__(
        self,
        run: RunTrace,
        rule: StopRule,
        entries: Iterable[Entry],
        told: dict[int, str],
        on_said: OnSaid | None = None,
    ) -> None:
        """Prepare to walk with one rule and copies of the breakpoints.

        `told` outlives the walk: of each breakpoint the unknown name that a stop has told of.
        """
        self._probe = RecordedProbe(run)
        self._on_said = on_said
        self._run = run
        self._rule = rule
        self._told = told
        self._entries = [entry for entry in entries if entry.enabled]
        self._passed: dict[int, set[int]] | None = None
        self._is_called_off = False

    @property
    def occurrence(self) -> int:
        """What is left of the rule's count, for the script to go on with."""
        return self._rule.occurrence

    def call_off(self) -> None:
        """End the walk where it is."""
        self._is_called_off = True

    async def forward(self, start: int, stop: int) -> Stop | None:
        """Walk over the rows after `start` up to `stop` included; None if nothing stops it."""
        await self._count_passes()
        table = self._table()
        for row in self._run.events(max(1, start - _CONTEXT), start + 1):
            table.placed_at(row)
        for row in self._run.events(start + 1, stop + 1):
            hits = self._hits(row, table.placed_at(row))
            if self._rule.stops_at(row):
                assert self._rule.landing is not None
                return _stop(self._rule.landing.seq, hits)
            if hits:
                return _stop(row.seq, hits)
            if row.seq % _WINDOW == 0:
                await asyncio.sleep(0)
                if self._is_called_off:
                    return Stop("pause", row.seq)
        return None

    async def backward(self, start: int) -> Stop | None:
        """Walk over the rows before `start`, latest first; None if nothing stops it."""
        await self._count_passes()
        waiting: Stop | None = None
        end = start
        while end > 1:
            begin = max(1, end - _WINDOW)
            placed = self._places(begin, end)
            for row in reversed(list(self._run.events(begin, end))):
                if self._rule.stops_at(row):
                    return self._nearest(waiting)
                hits = () if waiting else self._hits(row, placed.get(row.seq, ()))
                if hits:
                    waiting = _stop(row.seq, hits)
                if waiting and self._rule.landing is None:
                    return waiting
            end = begin
            await asyncio.sleep(0)
            if self._is_called_off:
                return Stop("pause", end)
        return self._nearest(waiting)

    def _nearest(self, waiting: Stop | None) -> Stop | None:
        """Of a breakpoint on the way and the rule's row, the one that is met first."""
        landing = self._rule.landing
        if waiting is not None and (landing is None or waiting.seq >= landing.seq):
            return waiting
        return None if landing is None else Stop("motion", landing.seq)

    def _places(self, begin: int, end: int) -> dict[int, list[Entry]]:
        if not self._entries:
            return {}
        table = self._table()
        rows = self._run.events(max(1, begin - _CONTEXT), end)
        return {row.seq: placed for row in rows if (placed := table.placed_at(row))}

    def _table(self) -> BreakpointTable:
        copies = [Entry(e.id, e.breakpoint) for e in self._entries]
        return BreakpointTable(
            copies, script=self._run.info.script, recorded=True, probe=self._probe
        )

    def _hits(self, row: EventRow, placed: Iterable[Entry]) -> tuple[Hit, ...]:
        """Return what stops at a row; logpoints have spoken then."""
        hits = []
        for entry in placed:
            hit = self._judge(row, entry, self._told)
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

    def _judge(self, row: EventRow, entry: Entry, told: dict[int, str]) -> Hit | None:
        if self._passed is not None and row.seq in self._passed.get(entry.id, ()):
            return None
        # `after` was settled by `_passed`: here only the condition decides.
        names = RecordedNames(self._run.at(row.seq))
        passes, known = entry.breakpoint.after, told.get(entry.id, "")
        probe = Entry(entry.id, entry.breakpoint, hits=passes, told=known)
        hit = judge(probe, names.evaluate)
        told[entry.id] = probe.told
        return hit

    async def _count_passes(self) -> None:
        """Find the rows that `after N` lets pass: the first N hits of the run."""
        if self._passed is not None:
            return
        self._passed = {}
        counting = [e for e in self._entries if e.breakpoint.after]
        if not counting:
            return
        table = BreakpointTable(
            [Entry(e.id, e.breakpoint) for e in counting],
            script=self._run.info.script,
            recorded=True,
            probe=self._probe,
        )
        found: dict[int, set[int]] = {entry.id: set() for entry in counting}
        for row in self._run.events(1):
            for entry in table.placed_at(row):
                hit = self._judge(row, entry, {})
                if hit is not None and not hit.error:
                    found[entry.id].add(row.seq)
            counting = [e for e in counting if len(found[e.id]) < e.breakpoint.after]
            if not counting or self._is_called_off:
                break
            table.replace([Entry(e.id, e.breakpoint) for e in counting])
            if row.seq % _WINDOW == 0:
                await asyncio.sleep(0)
        self._passed = found


def _stop(seq: int, hits: Iterable[Hit]) -> Stop:
    found = list(hits)
    reason, message = reason_of(found)
    return Stop(reason, seq, tuple(hit.id for hit in found), message)
