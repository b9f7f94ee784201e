"""What a run had printed by a recorded event, read from the trace."""

from __future__ import annotations

from gradstep.trace.reader import RunTrace

_MOST_AT_ONCE = 4096


class PastOutput:
    """Answers for one event after another; events between two prints have one answer.

    Of a great deal it is the latest: no more than about `limit` characters and `most` pieces.
    """

    def __init__(self, limit: int, most: int) -> None:
        """Keep no more than that."""
        self._limit = limit
        self._most = most
        self._key = (0, 0)
        self._text = ""

    def upto(self, run: RunTrace, seq: int) -> str:
        """Return what was printed at or before the event `seq`."""
        latest = next(iter(run.output_before(seq + 1, 1)), None)
        key = (run.number, 0 if latest is None else latest[0])
        if key != self._key:
            self._text = "" if latest is None else self._read(run, seq + 1)
            self._key = key
        return self._text

    def _read(self, run: RunTrace, stop: int) -> str:
        found: list[str] = []
        size, count = 0, 16
        while size < self._limit and len(found) < self._most:
            pieces = run.output_before(stop, min(count, self._most - len(found)))
            for _, text in pieces:
                found.append(text)
                size += len(text)
                if size >= self._limit:
                    break
            if len(pieces) < count:
                break
            stop, count = pieces[-1][0], min(count * 4, _MOST_AT_ONCE)
        return "".join(reversed(found))
