"""The norm of the gradients that a script trains with: `|g|`, wherever it stands."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gradstep.trace.reader import RunTrace

_NORMS: Final = (
    "SELECT value.norm, value.nan, value.inf FROM ("
    " SELECT (SELECT grad.tensor FROM grad WHERE grad.run = ? AND grad.param = wanted.value"
    "  AND grad.seq <= ? ORDER BY grad.seq DESC LIMIT 1) AS held FROM json_each(?) AS wanted"
    ") JOIN value ON value.rowid = (SELECT rowid FROM value AS latest WHERE latest.run = ?"
    "  AND latest.tensor = held AND latest.seq <= ?"
    "  ORDER BY latest.seq DESC, latest.version DESC LIMIT 1)"
)
"""One statement for all parameters: there is a row for each that has a gradient."""


def gradient_norm(run: RunTrace, seq: int) -> float | None:
    """Return the Euclidean norm, as one vector, of the gradients trained with at an event.

    These are what the `.grad` of the parameters hold that the optimizers at work have
    (`at_work.AtWork`). Before there is an optimizer, and in a script that updates by hand, they
    are those of the leaves that the latest iteration with a backward() has added to.

    None if all are None; NaN or Inf where one holds these.
    """
    leaves = json.dumps(trained(run, seq))
    number = run.number
    rows = run.database.rows(_NORMS, (number, seq, leaves, number, seq))
    if not rows:
        return None
    total = 0.0
    for norm, nan, inf in rows:
        if nan:
            return math.nan
        if inf:
            total = math.inf
        if norm is not None:
            if not isinstance(norm, (int, float)):
                raise run.database.damaged("a norm is no number")
            total += norm * norm
    return math.sqrt(total)


def trained(run: RunTrace, seq: int) -> list[int]:
    """Return the leaves whose gradients `gradient_norm` is of, each once."""
    numbers = run.at_work.at(seq)
    if not numbers:
        return _reached(run, seq)
    states = (run.at(seq).optimizer(number) for number in numbers)
    groups = (group for state in states if state is not None for group in state.groups)
    return list(dict.fromkeys(leaf for group in groups for leaf in group["params"]))


def _reached(run: RunTrace, seq: int) -> list[int]:
    """Return the leaves to which the latest iteration with a backward() has added by an event."""
    database = run.database
    kind, role = map(database.text_id, ("accumulated", "param"))
    latest = database.row(
        "SELECT iteration FROM event INDEXED BY event_by_kind"
        " WHERE run = ? AND kind = ? AND seq <= ? ORDER BY seq DESC LIMIT 1",
        (run.number, kind, seq),
    )
    if latest is None:
        return []
    rows = database.rows(
        "SELECT DISTINCT t.tensor FROM event AS e INDEXED BY event_by_iteration"
        " CROSS JOIN event_tensor AS t ON t.run = e.run AND t.seq = e.seq AND t.role = ?"
        " WHERE e.run = ? AND e.iteration = ? AND e.seq <= ? AND e.kind = ?",
        (role, run.number, latest[0], seq, kind),
    )
    return [row[0] for row in rows if row[0] is not None]
