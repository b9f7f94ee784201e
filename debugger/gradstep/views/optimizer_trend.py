"""By how much of itself each of the last steps changed a parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from gradstep.views.formulas.call import contents
from gradstep.views.reading import one, value_of

if TYPE_CHECKING:
    from gradstep.trace.model import TensorRef
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace

STEPS: Final = 8
"""So many of the last steps make the course."""

MOST_ELEMENTS: Final = 300_000
"""Of larger parameters the change is not computed: it would hold up the screen."""

MOST_TOGETHER: Final = 1_500_000
"""Elements that all courses of a picture may read when nothing has been read before."""


MOST_KEPT: Final = 30_000
CHUNK: Final = 256

_known: Final[WeakKeyDictionary[RunTrace, dict[int, float | None]]] = WeakKeyDictionary()
"""What was worked out of each run, by the update's event: what is recorded never changes."""


def relative_change(run: RunTrace, update: int) -> float | None:
    """Return |Δ|/|θ| of an update, None where contents are missing or too large."""
    known = _known.setdefault(run, {})
    if len(known) > MOST_KEPT:
        known.clear()
    if update not in known:
        known[update] = _worked_out(run, update, run.tensors(update))
    return known[update]


def relative_changes(run: RunTrace, updates: Sequence[int]) -> dict[int, float | None]:
    """Return |Δ|/|θ| of each of some updates."""
    known = _known.setdefault(run, {})
    missing = [update for update in updates if update not in known]
    for start in range(0, len(missing), CHUNK):
        part = missing[start : start + CHUNK]
        tensors = run.tensors_of(part)
        for update in part:
            known[update] = _worked_out(run, update, tensors.get(update, ()))
    return {update: known[update] for update in updates}


def _worked_out(run: RunTrace, update: int, tensors: Sequence[TensorRef]) -> float | None:
    moment = run.at(update)
    value = value_of(moment, one(tensors, "before"))
    if value is None or math.prod(value.shape) > MOST_ELEMENTS:
        return None
    before = contents(value)
    after = contents(value_of(moment, one(tensors, "param")))
    if before is None or after is None:
        return None
    import numpy as np

    with np.errstate(all="ignore"):
        size = float((before**2).sum()) ** 0.5
        change = float(((after - before) ** 2).sum()) ** 0.5
    return change / size if size else None


def course(moment: Moment, param: int, size: int, left: int) -> tuple[list[float], int]:
    """Return |Δ|/|θ| of a parameter's last updates, oldest first, and how much may be read yet.

    `size` is its number of elements, `left` how many all may read; a course that takes more is
    not worked out.
    """
    database = moment.run.database
    rows = database.rows(
        "SELECT event_tensor.seq FROM event_tensor INDEXED BY event_of_tensor JOIN event"
        " ON event.run = event_tensor.run AND event.seq = event_tensor.seq"
        " WHERE event_tensor.run = ? AND event_tensor.tensor = ? AND event_tensor.seq <= ?"
        " AND event_tensor.role = ? AND event.kind = ?"
        " ORDER BY event_tensor.seq DESC LIMIT ?",
        (
            *(moment.run.number, param, moment.seq),
            *(database.text_id("param"), database.text_id("updated"), STEPS),
        ),
    )
    cost = 2 * size * len(rows)
    if cost > left:
        return [], left
    found = [relative_change(moment.run, row[0]) for row in reversed(rows)]
    return [one for one in found if one is not None], left - cost
