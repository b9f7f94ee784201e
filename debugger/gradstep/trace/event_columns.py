"""A few columns of many events, read together: a condition is asked at tens of thousands.

What cannot be told so of an event is left out, never guessed: its moment can tell then.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from gradstep.trace.rates import learning_rate

if TYPE_CHECKING:
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.reader import RunTrace

VALUE_ROLES: Final = ("output", "after", "param", "root", "result", "source")
"""What an event's value is: the first of these that it has."""

GRAD_ROLES: Final = ("grad", "grad_output", "contribution", "grad_input")
"""What its gradient is."""

Numbers = dict[int, Any]
"""What a column holds, by event."""

_THESE: Final = (
    "FROM json_each(?) AS wanted CROSS JOIN event AS e ON e.run = ? AND e.seq = wanted.value"
)
_RATES: Final = (
    "SELECT e.seq, json_extract(e.detail, '$.hyper.lr'), json_extract(e.detail, '$.optimizer')"
    f" {_THESE}"
)
_NORMS: Final = (
    "SELECT e.seq, e.kind, t.role, (SELECT v.norm FROM value AS v WHERE v.run = t.run"
    " AND v.tensor = t.tensor AND v.seq <= t.seq AND v.version = t.version"
    f" ORDER BY v.seq DESC LIMIT 1) {_THESE}"
    " CROSS JOIN event_tensor AS t ON t.run = e.run AND t.seq = e.seq"
    " WHERE t.tensor IS NOT NULL ORDER BY e.seq, t.position"
)


class EventColumns:
    """Reads one column at a time, by the name that it has in a condition."""

    NAMES: Final = frozenset({"iteration", "step", "phase", "name", "loss", "lr", "norm"})

    def __init__(self, run: RunTrace) -> None:
        """Read of `run`, and nothing yet."""
        self._run = run

    def read(self, name: str, seqs: Sequence[int]) -> Numbers:
        """Return what `name` is at each of some events, in order, as far as it can be told."""
        match name:
            case "iteration" | "step":
                return dict(self._rows(f"SELECT e.seq, e.{name} {_THESE}", seqs))
            case "phase" | "name":
                text = self._run.database.text
                rows = self._rows(f"SELECT e.seq, e.{name} {_THESE}", seqs)
                return {seq: text(number) for seq, number in rows}
            case "loss":
                return self._losses(seqs)
            case "lr":
                return self._rates(seqs)
            case "norm":
                return self._norms(seqs)
        return {}

    def _rows(self, query: str, seqs: Sequence[int]) -> list[tuple[Any, ...]]:
        return self._run.database.rows(query, (json.dumps(list(seqs)), self._run.number))

    def _losses(self, seqs: Sequence[int]) -> Numbers:
        losses = self._run.losses(seqs[-1])
        begun = [loss[0] for loss in losses]
        found = ((seq, bisect_right(begun, seq)) for seq in seqs)
        return {seq: losses[count - 1][3] for seq, count in found if count}

    def _rates(self, seqs: Sequence[int]) -> Numbers:
        found: Numbers = {}
        states: list[OptimizerState] = []
        rates: dict[Any, float | None] = {}
        until = 0
        for seq, used, optimizer in self._rows(_RATES, seqs):
            if not isinstance(used, float):
                if seq >= until:
                    states, rates = self._run.at(seq).optimizers(), {}
                    until = self._next_settings(seq)
                if optimizer not in rates:
                    rates[optimizer] = learning_rate({"optimizer": optimizer}, states)
                used = rates[optimizer]
            if used is not None:
                found[seq] = used
        return found

    def _next_settings(self, seq: int) -> int:
        """Return the event after `seq` with which the settings of an optimizer change."""
        row = self._run.database.row(
            "SELECT min(seq) FROM optimizer WHERE run = ? AND seq > ?", (self._run.number, seq)
        )
        return self._run.head + 1 if row is None or row[0] is None else int(row[0])

    def _norms(self, seqs: Sequence[int]) -> Numbers:
        text = self._run.database.text
        clipped, accumulated = map(self._run.database.text_id, ("clipped", "accumulated"))
        norms: dict[int, dict[str, Any]] = {}
        kinds: dict[int, int] = {}
        for seq, kind, role, norm in self._rows(_NORMS, seqs):
            kinds[seq] = kind
            norms.setdefault(seq, {}).setdefault(text(role), norm)
        found: Numbers = {}
        for seq, known in norms.items():
            if kinds[seq] == clipped:
                continue  # The event may report a norm of its own.
            first = ("after", *GRAD_ROLES) if kinds[seq] == accumulated else GRAD_ROLES
            role = next((one for one in (*first, *VALUE_ROLES) if one in known), "")
            if isinstance(known.get(role), float):
                found[seq] = known[role]
        return found
