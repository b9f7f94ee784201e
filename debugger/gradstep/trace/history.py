"""How one number went through a run, as far as it is recorded: what a sparkline is drawn from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment

LIMIT: Final = 400
"""Values that a history holds at most: the latest."""


def values_of(moment: Moment, tensor: int) -> list[float]:
    """Return a tensor's number, or its norm where it has more than one, of each version by now."""
    return _numbers(
        moment.run.database.rows(
            "SELECT shape, mean, norm FROM value WHERE run = ? AND tensor = ? AND seq <= ?"
            " ORDER BY seq DESC, version DESC LIMIT ?",
            (moment.run.number, tensor, moment.seq, LIMIT),
        )
    )


def values_of_name(moment: Moment, name: str) -> list[float]:
    """Return the same of all tensors that had a name, one after the other: a loss, say."""
    found: list[float] = []
    rows = moment.run.database.rows(
        "SELECT tensor FROM tensor_name WHERE run = ? AND name = ? AND seq <= ?"
        " ORDER BY seq DESC LIMIT ?",
        (moment.run.number, name, moment.seq, LIMIT),
    )
    if len(rows) == 1:
        return values_of(moment, rows[0][0])
    for (tensor,) in rows:
        value = moment.value(tensor)
        if value is not None:
            number = value.mean if _is_one(value.shape) else value.norm
            found += [] if number is None else [number]
    return found[::-1]


def gradients_of(moment: Moment, param: int) -> list[float]:
    """Return the number or norm of a leaf's gradient each time that it was another."""
    return _numbers(
        moment.run.database.rows(
            "SELECT shape, mean, norm FROM value WHERE run = ? AND tensor IN (SELECT tensor FROM"
            " grad WHERE run = ? AND param = ? AND seq <= ? ORDER BY seq DESC LIMIT ?)"
            " AND seq <= ? ORDER BY seq DESC, version DESC LIMIT ?",
            (
                *(moment.run.number, moment.run.number, param, moment.seq, 2 * LIMIT),
                *(moment.seq, LIMIT),
            ),
        )
    )


def learning_rates(moment: Moment) -> list[float]:
    """Return the first optimizer's first learning rate, each time that its settings were noted."""
    rows = moment.run.database.rows(
        "SELECT groups FROM optimizer WHERE run = ? AND seq <= ? AND id ="
        " (SELECT min(id) FROM optimizer WHERE run = ?) ORDER BY seq DESC LIMIT ?",
        (moment.run.number, moment.seq, moment.run.number, LIMIT),
    )
    found = []
    for (text,) in rows:
        try:
            rate: Any = json.loads(text)[0]["lr"]
        except (ValueError, LookupError, TypeError):
            continue  # Not every optimizer has a rate; a damaged file tells of itself elsewhere.
        if isinstance(rate, (int, float)):
            found.append(float(rate))
    return found[::-1]


def _numbers(rows: list[tuple[Any, ...]]) -> list[float]:
    found = []
    for shape, mean, norm in reversed(rows):
        is_one = not shape or all(size == "1" for size in shape.split(","))
        number = mean if is_one else norm
        if number is not None:
            found.append(float(number))
    return found


def _is_one(shape: tuple[int, ...]) -> bool:
    return all(size == 1 for size in shape)
