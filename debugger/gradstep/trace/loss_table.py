"""What stood beside a loss: the rate it was followed with, the norm of the gradients it gave."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from gradstep.trace.gradient_norm import gradient_norm

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

TITLES: Final = ("file", "line", "event", "iteration", "step", "loss", "lr", "grad_norm")
"""The columns of the losses as CSV."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What belongs to a call of backward(): None where it is not known (yet).

    `lr` is the first rate of the optimizer that steps next, `grad_norm` the norm of the
    gradients (`gradient_norm`) when the call was done, NaN or Inf where one holds these.
    """

    lr: float | None
    grad_norm: float | None


@dataclass(slots=True)
class LossFacts:
    """Reads what stood beside losses; what cannot change any more is kept."""

    run: RunTrace
    _known: dict[int, Beside] = field(default_factory=dict)

    def beside(self, call: int, upto: int) -> Beside:
        """Return what is known by the event `upto` of the call of backward() at `call`."""
        known = self._known.get(call)
        if known is not None and upto >= self.run.head:
            return known
        end = self._first("phase_exited", "backward", call, upto)
        step = self._first("phase_entered", "step", end[0] if end else call, upto)
        found = Beside(
            self._rate(call, step[1] if step else None),
            None if end is None else gradient_norm(self.run, end[0]),
        )
        if end is not None and step is not None:
            self._known[call] = found
        return found

    def _first(self, kind: str, phase: str, after: int, upto: int) -> tuple[int, str | None] | None:
        database = self.run.database
        row = database.row(
            "SELECT seq, detail FROM event INDEXED BY event_by_kind WHERE run = ? AND kind = ?"
            " AND phase = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT 1",
            (self.run.number, *map(database.text_id, (kind, phase)), after, upto),
        )
        return None if row is None else (int(row[0]), row[1])

    def _rate(self, seq: int, detail: str | None) -> float | None:
        """Give the rate of the optimizer that a step is of, of the first one without a step."""
        which, parameters = "", [self.run.number, seq]
        try:
            number = json.loads(detail)["optimizer"] if detail else None
            if isinstance(number, int):
                which, parameters = "AND id = ?", [*parameters, number]
            row = self.run.database.row(
                f"SELECT groups FROM optimizer WHERE run = ? AND seq <= ? {which}"
                " ORDER BY id, seq DESC LIMIT 1",
                parameters,
            )
            rate: Any = json.loads(row[0])[0]["lr"] if row is not None else None
        except (ValueError, LookupError, TypeError):
            return None  # Not every optimizer has a rate.
        return float(rate) if isinstance(rate, (int, float)) else None


def loss_lines(run: RunTrace, head: int) -> Iterator[str]:
    """Yield the lines of a CSV file: a line of titles, then every call of backward() from a loss.

    A rate or norm that is not known is an empty cell.
    """
    yield ",".join(TITLES) + "\n"
    facts = run.loss_facts
    for seq, iteration, _, loss in run.losses(head):
        event = run.event(seq)
        beside = facts.beside(seq, head)
        cells = [_quoted(event.file), event.line, seq, iteration, event.step, repr(loss)]
        cells += ["" if one is None else repr(one) for one in (beside.lr, beside.grad_norm)]
        yield ",".join(map(str, cells)) + "\n"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\n') else text
