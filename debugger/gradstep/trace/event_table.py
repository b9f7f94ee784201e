"""The rows of the table `event` as `EventRow`s, in order of time, forwards and backwards."""

from __future__ import annotations

import heapq
import json
from collections.abc import Collection, Iterator
from typing import Any, Final

from gradstep.protocol.row import KINDS, PHASES, EventRow
from gradstep.trace.database import Database

_CHUNK: Final = 256
_scan: Final = json.JSONDecoder().raw_decode
_COLUMNS: Final = (
    "seq, kind, phase, iteration, step, name, module, calls, file, line,"
    " call_file, call_line, enclosing, op, detail"
)


class EventTable:
    """The events of one run."""

    def __init__(self, database: Database, run: int) -> None:
        """Read the events of the run of this number."""
        self._database = database
        self._run = run

    def row(self, seq: int) -> EventRow | None:
        """Return one event, None if there is no such event."""
        row = self._database.row(
            f"SELECT {_COLUMNS} FROM event WHERE run = ? AND seq = ?", (self._run, seq)
        )
        return None if row is None else self._event(row)

    def ahead(self, start: int, stop: int, kinds: Collection[str] | None) -> Iterator[EventRow]:
        """Yield events of `start` <= seq < `stop` in order, of the given kinds only."""
        if kinds is None:
            return self._walk(None, start, stop, descending=False)
        walks = [self._walk(kind, start, stop, descending=False) for kind in sorted(kinds)]
        return heapq.merge(*walks, key=_seq)

    def back(self, stop: int, kinds: Collection[str] | None) -> Iterator[EventRow]:
        """Yield events before `stop`, latest first, of the given kinds only."""
        if kinds is None:
            return self._walk(None, 1, stop, descending=True)
        walks = [self._walk(kind, 1, stop, descending=True) for kind in sorted(kinds)]
        return heapq.merge(*walks, key=_seq, reverse=True)

    def _walk(
        self, kind: str | None, start: int, stop: int, *, descending: bool
    ) -> Iterator[EventRow]:
        """Yield events in chunks: an open cursor would keep the log from being folded in."""
        kind_id = None if kind is None else self._database.text_id(kind)
        if kind is not None and kind_id is None:
            return
        # Without statistics SQLite would rather filter a range of seqs than use the index.
        which = "" if kind is None else "AND kind = ?"
        index = "" if kind is None else "INDEXED BY event_by_kind"
        order = "DESC" if descending else "ASC"
        while start < stop:
            rows = self._database.rows(
                f"SELECT {_COLUMNS} FROM event {index} WHERE run = ? {which}"
                f" AND seq >= ? AND seq < ? ORDER BY seq {order} LIMIT {_CHUNK}",
                (self._run, *(() if kind is None else (kind_id,)), start, stop),
            )
            for row in rows:
                yield self._event(row)
            if len(rows) < _CHUNK:
                return
            if descending:
                stop = rows[-1][0]
            else:
                start = rows[-1][0] + 1

    def _event(self, row: tuple[Any, ...]) -> EventRow:
        text = self._database.text
        kind, phase = text(row[1]), text(row[2])
        if kind not in KINDS or phase not in PHASES:
            raise self._database.damaged(f"event {row[0]} is of no kind or phase that there is")
        try:
            detail = _decode(row[14]) if row[14] else {}
            if not isinstance(detail, dict):
                raise TypeError("the detail of an event is no object")
            return EventRow(
                seq=row[0],
                kind=kind,
                phase=phase,
                iteration=row[3],
                step=row[4],
                name=text(row[5]),
                module=text(row[6]),
                calls=tuple(map(int, row[7].split(","))) if row[7] else (),
                file=text(row[8]),
                line=row[9],
                call_file=text(row[10]),
                call_line=row[11],
                enclosing=row[12],
                op=row[13],
                detail=detail,
            )
        except (ValueError, AttributeError, TypeError) as error:
            raise self._database.damaged(error) from None


def _decode(text: str) -> Any:
    """Decode JSON as we write it, without the checks for what may stand around it."""
    found, end = _scan(text)
    return found if end == len(text) else json.loads(text)


def _seq(event: EventRow) -> int:
    return event.seq
