"""The course of each loss over a run: one series for every line that calls backward()."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gradstep.trace.losses import Loss
    from gradstep.trace.reader import RunTrace

MOST: Final = 1000
"""So many losses of one line are read; of a longer course every second, every fourth and so on."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of backward(): its event, and the iteration that it is in."""

    seq: int
    iteration: int


@dataclass(frozen=True, slots=True)
class Course:
    """The losses of the calls at one line, oldest first, of `calls` calls in all.

    Every `stride`-th was read, and the last one.
    """

    file: str
    line: int
    losses: tuple[Loss, ...]
    calls: int
    stride: int = 1


@dataclass(slots=True)
class Courses:
    """Reads courses; what was read once is kept, for rows never change."""

    run: RunTrace
    _calls: dict[tuple[int | None, int], list[Call]] = field(default_factory=dict)
    _upto: int = 0
    _known: dict[int, Loss | None] = field(default_factory=dict)

    def upto(self, seq: int, most: int = MOST, *, since: int = 1) -> tuple[Course, ...]:
        """Return the courses by the event `seq`, in the order in which their lines came first.

        With `since` they begin at that event. A line that never gave a single recorded number has
        none.
        """
        self._read_calls(seq)
        found = []
        for (file, line), calls in self._calls.items():
            end = bisect_right(calls, seq, key=attrgetter("seq"))
            start = bisect_left(calls, since, key=attrgetter("seq"))
            count = max(0, end - start)
            stride = 1
            while count > most * stride:
                stride *= 2
            chosen = calls[start:end:stride]
            if count and chosen[-1] is not calls[end - 1]:
                chosen.append(calls[end - 1])
            losses = tuple(loss for call in chosen if (loss := self._loss(call)) is not None)
            if losses:
                text = self.run.database.text(file)
                found.append(Course(text, line, losses, count, stride))
        return tuple(found)

    def _read_calls(self, upto: int) -> None:
        if upto <= self._upto:
            return
        database = self.run.database
        end = min(upto, self.run.head)
        kind, phase = map(database.text_id, ("phase_entered", "backward"))
        for seq, iteration, file, line in database.rows(
            "SELECT seq, iteration, file, line FROM event INDEXED BY event_by_kind"
            " WHERE run = ? AND kind = ? AND phase = ? AND seq > ? AND seq <= ? ORDER BY seq",
            (self.run.number, kind, phase, self._upto, end),
        ):
            self._calls.setdefault((file, line), []).append(Call(seq, iteration))
        self._upto = max(end, self._upto)

    def _loss(self, call: Call) -> Loss | None:
        if call.seq not in self._known:
            self._known[call.seq] = self.run.loss_of(call.seq, call.iteration)
        return self._known[call.seq]
