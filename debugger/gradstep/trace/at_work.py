"""Which optimizers a script works with at an event: a run may make one after the other."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

_CALLS: Final = (
    "SELECT seq, detail FROM event INDEXED BY event_by_kind WHERE run = ? AND kind = ?"
    " AND phase IN (?, ?) AND seq > ? AND seq <= ? ORDER BY seq"
)


@dataclass(slots=True)
class _Round:
    """What follows the making of an optimizer: when each was called first in it."""

    begin: int
    first: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class AtWork:
    """Tells the optimizers at work; rows never change, so each call is read once.

    An optimizer is at work from when it is made. Where another is made after it was called (its
    `zero_grad()` or `step()`), it is at work again from its next call on. So two optimizers made
    side by side are both at work, and so are those of a loop that calls both; one that a script
    has done with is not, whether it lives on or not.
    """

    run: RunTrace
    _made: dict[int, int] = field(default_factory=dict)
    _rounds: list[_Round] = field(default_factory=list)
    _called: dict[int, int] = field(default_factory=dict)
    _read: int = 0

    def at(self, seq: int) -> list[int]:
        """Return the numbers of the optimizers at work at an event, in order of creation."""
        # The end first: what is made after it has no call before it.
        end = min(seq, self.run.head)
        self._read_made()
        made = [number for number, begin in self._made.items() if begin <= seq]
        if len(made) < 2:
            return made
        self._read_calls(end)
        now = next(one for one in reversed(self._rounds) if one.begin <= seq)
        return [
            number
            for number in made
            if self._called.get(number, now.begin) >= now.begin
            or now.first.get(number, seq + 1) <= seq
        ]

    def _read_made(self) -> None:
        """Look for optimizers that were made since."""
        last = max(self._made, default=-1)
        while row := self.run.database.row(
            "SELECT id, seq FROM optimizer WHERE run = ? AND id > ? ORDER BY id, seq LIMIT 1",
            (self.run.number, last),
        ):
            last = row[0]
            self._made[last] = row[1]
            self._rounds.append(_Round(row[1]))

    def _read_calls(self, end: int) -> None:
        """Read on to an event."""
        if end <= self._read:
            return
        database = self.run.database
        names = map(database.text_id, ("phase_entered", "zero_grad", "step"))
        place = 0
        for seq, detail in database.rows(_CALLS, (self.run.number, *names, self._read, end)):
            try:
                number = json.loads(detail or "{}").get("optimizer")
            except (ValueError, AttributeError) as error:
                raise database.damaged(error) from None
            if not isinstance(number, int):
                continue  # a module's zero_grad() is no optimizer's
            while place + 1 < len(self._rounds) and self._rounds[place + 1].begin <= seq:
                place += 1
            self._rounds[place].first.setdefault(number, seq)
            self._called.setdefault(number, seq)
        self._read = end
