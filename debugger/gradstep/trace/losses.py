"""The losses of a run: the scalars that calls of backward() began from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from gradstep.trace.numbers import decode

if TYPE_CHECKING:
    from gradstep.trace.model import TensorValue
    from gradstep.trace.reader import RunTrace

Loss = tuple[int, int, int, float]
"""(seq of the call, iteration, tensor, value)."""

_COLUMNS: Final = (
    "SELECT seq, iteration FROM event INDEXED BY event_by_kind WHERE run = ? AND kind = ?"
    " AND phase = ?"
)


_ROOTS: Final = (
    "SELECT e.seq, e.iteration, t.tensor, v.shape, v.mean"
    " FROM event AS e INDEXED BY event_by_kind"
    " CROSS JOIN event_tensor AS t ON t.run = e.run AND t.seq = +e.seq AND t.role = ?"
    " CROSS JOIN value AS v ON v.run = t.run AND v.tensor = t.tensor AND v.version = t.version"
    " AND v.seq = (SELECT w.seq FROM value AS w WHERE w.run = t.run AND w.tensor = t.tensor"
    " AND w.seq <= e.seq AND w.version = t.version ORDER BY w.seq DESC LIMIT 1)"
    " WHERE e.run = ? AND e.kind = ? AND e.phase = ? AND e.seq > ? AND e.seq <= ?"
    " ORDER BY e.seq, t.position"
)
"""What calls of backward() began from, and what was recorded of it: in this order, a few look-ups
by primary key for each call. The + keeps SQLite from a range of `event_tensor` instead."""


class Losses:
    """Reads losses, all of them once, or the latest few by some event."""

    def __init__(self, run: RunTrace) -> None:
        """Read nothing yet."""
        self._run = run
        self._known: list[Loss] = []
        self._upto = 0

    def all(self, upto: int) -> list[Loss]:
        """Return all losses by the event `upto`, oldest first."""
        if upto > self._upto:
            # Rows never change, so what was read once stays true.
            end = min(upto, self._run.head)
            self._known.extend(self._read(self._upto, end))
            self._upto = max(end, self._upto)
        return self._known[: bisect_right(self._known, upto, key=itemgetter(0))]

    def latest(self, upto: int, count: int) -> list[Loss]:
        """Return the last `count` losses by the event `upto`, oldest first."""
        found: list[Loss] = []
        while len(found) < count:
            ask = f"{_COLUMNS} AND seq <= ? ORDER BY seq DESC LIMIT 1"
            calls = self._calls(ask, upto)
            if not calls:
                break
            found += self._scalars(calls)
            upto = calls[0][0] - 1
        return found[::-1]

    def first(self, upto: int) -> Loss | None:
        """Return the first loss by the event `upto`."""
        after = 0
        while calls := self._calls(f"{_COLUMNS} AND seq > ? AND seq <= ? LIMIT 1", after, upto):
            found = next(self._scalars(calls), None)
            if found is not None:
                return found
            after = calls[0][0]
        return None

    def calls(self, upto: int) -> int:
        """Count the calls of backward() by the event `upto`."""
        return len(self._calls(f"{_COLUMNS} AND seq <= ?", upto))

    def of_call(self, seq: int, iteration: int) -> Loss | None:
        """Return the loss that the call of backward() at `seq` began from, None if no scalar."""
        return next(self._scalars([(seq, iteration)]), None)

    def _read(self, after: int, upto: int) -> Iterator[Loss]:
        """Yield the losses of the events after `after` up to `upto`."""
        database, last = self._run.database, 0
        role, kind, phase = map(database.text_id, ("root", "phase_entered", "backward"))
        bounds = (role, self._run.number, kind, phase, after, upto)
        for seq, iteration, tensor, shape, mean in database.rows(_ROOTS, bounds):
            if seq == last:
                continue  # only the first of several roots is a loss
            last = seq
            if not isinstance(mean, float):
                yield from self._scalars([(seq, iteration)])
            elif set(str(shape or "1").split(",")) == {"1"}:
                yield seq, iteration, tensor, mean

    def _calls(self, ask: str, *bounds: int) -> list[tuple[int, int]]:
        database = self._run.database
        kind, phase = map(database.text_id, ("phase_entered", "backward"))
        rows = database.rows(ask, (self._run.number, kind, phase, *bounds))
        return [(row[0], row[1]) for row in rows]

    def _scalars(self, calls: list[tuple[int, int]]) -> Iterator[Loss]:
        database, run = self._run.database, self._run
        role = database.text_id("root")
        # One look-up per event: for the join SQLite scans a range of event_tensor each time.
        for seq, iteration in calls:
            root = database.row(
                "SELECT tensor, version FROM event_tensor WHERE run = ? AND seq = ? AND role = ?",
                (run.number, seq, role),
            )
            value = root and run.value(root[0], seq, root[1])
            if root and value and all(size == 1 for size in value.shape):
                yield seq, iteration, root[0], _scalar(value)


def _scalar(value: TensorValue) -> float:
    if value.mean is not None:
        return value.mean
    if value.content is not None:
        return float(decode(value, 1)[0])
    return float("nan") if value.nan else float("inf")
