"""What a run had printed by a recorded event, read from the trace."""

from __future__ import annotations

from typing import Final

from gradstep.trace.reader import RunTrace

_OUTPUT: Final = frozenset({"output"})


class PastOutput:
    """Answers for one event after another; events between two prints have one answer."""

    def __init__(self, limit: int) -> None:
        """Keep no more than about `limit` characters, the latest."""
        self._limit = limit
        self._key = (0, 0)
        self._text = ""

    def upto(self, run: RunTrace, seq: int) -> str:
        """Return what was printed at or before the event `seq`."""
        latest = next(run.events_before(seq + 1, _OUTPUT), None)
        key = (run.number, 0 if latest is None else latest.seq)
        if key != self._key:
            self._text = "" if latest is None else self._read(run, latest.seq)
            self._key = key
        return self._text

    def _read(self, run: RunTrace, seq: int) -> str:
        parts: list[str] = []
        room = self._limit
        for row in run.events_before(seq + 1, _OUTPUT):
            parts.append(str(row.detail.get("text", "")))
            room -= len(parts[-1])
            if room <= 0:
                break
        return "".join(reversed(parts))
