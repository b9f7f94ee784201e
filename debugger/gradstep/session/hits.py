"""How often breakpoints were met in a recorded run, from its beginning on; counted once.

`after N` lets the first N hits pass, and the list of breakpoints shows how many there were by the
event under the cursor.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from gradstep.protocol.breakpoints import Entry, Probe
from gradstep.protocol.row import EventRow
from gradstep.session.condition_batch import ConditionBatch
from gradstep.session.recorded_names import RecordedNames
from gradstep.trace.breakpoint_scan import BreakpointScan
from gradstep.trace.reader import RunTrace

ASKED: Final = 3_000
"""Events that are looked at one by one for a count that is only shown; above, none is shown."""

_PART: Final = 128
"""Events that are looked at without a break."""


@dataclass(slots=True)
class _Found:
    """The hits of a breakpoint in the events up to `upto`."""

    upto: int = 0
    seqs: list[int] = field(default_factory=list)


class Hits:
    """The hits by run and breakpoint's text, as far as somebody has asked."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._found: dict[tuple[int, str], _Found] = {}

    def first(self, run: RunTrace, entry: Entry, count: int) -> frozenset[int]:
        """Return the first `count` hits of a run, of those that `find` has found."""
        return frozenset(self._of(run, entry).seqs[:count])

    def by(self, run: RunTrace, entry: Entry, upto: int, probe: Probe) -> int | None:
        """Count the hits up to an event, None if that would take long."""
        asked = 0
        for count in self.find(run, entry, upto + 1, probe):
            asked += count
            if asked >= ASKED:
                return None
        return bisect_right(self._of(run, entry).seqs, upto)

    def find(
        self, run: RunTrace, entry: Entry, stop: int, probe: Probe, enough: int | None = None
    ) -> Iterator[int]:
        """Find all hits before an event, or the first so many; yields how many it looked at."""
        found = self._of(run, entry)
        if found.upto >= stop - 1 or (enough is not None and len(found.seqs) >= enough):
            return
        scan = BreakpointScan(run, [entry], probe)
        code = entry.breakpoint.code
        batch = None if code is None else ConditionBatch(run, entry.breakpoint.condition, code)
        for low, high, seqs in scan.pieces(found.upto + 1, stop):
            sure, asked = _sorted_out(scan, seqs, batch)
            hits: list[int] = []
            for start in range(0, len(asked), _PART):
                part = asked[start : start + _PART]
                hits += [row.seq for row, _ in scan.placed(part) if _holds(run, entry, row)]
                certain = bisect_right(sure, part[-1])
                if enough is not None and len(found.seqs) + len(hits) + certain >= enough:
                    # The rest of the piece can wait: to look at rows is what takes long.
                    sure, high = sure[:certain], part[-1] + 1
                    break
                yield len(part)
            found.seqs.extend(sorted((*sure, *hits)))
            found.upto = max(low, high - 1)
            if enough is not None and len(found.seqs) >= enough:
                return

    def _of(self, run: RunTrace, entry: Entry) -> _Found:
        return self._found.setdefault((run.number, str(entry.breakpoint)), _Found())


def _sorted_out(
    scan: BreakpointScan, seqs: Sequence[int], batch: ConditionBatch | None
) -> tuple[list[int], list[int]]:
    """Return the events that are hits for certain, and those whose rows must be read."""
    if batch is None:
        return (list(seqs), []) if scan.is_exact else ([], list(seqs))
    told = [(seq, holds) for seq, holds in batch.judged(seqs) if holds is not False]
    sure = [seq for seq, holds in told if holds and scan.is_exact]
    return sure, [seq for seq, holds in told if not (holds and scan.is_exact)]


def _holds(run: RunTrace, entry: Entry, row: EventRow) -> bool:
    """Tell whether a breakpoint's condition is true at an event; one that fails is no hit."""
    code = entry.breakpoint.code
    if code is None:
        return True
    try:
        return bool(RecordedNames(run.at(row.seq)).evaluate(code))
    except Exception:
        # A walk that comes here stops, and tells the error.
        return False
