"""Which learning rate `lr` means in a condition, in a running script and over its recording."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gradstep.trace.model import OptimizerState


def learning_rate(detail: Mapping[str, Any], optimizers: Iterable[OptimizerState]) -> float | None:
    """Return the learning rate at an event with this `detail`, None if there is none.

    At an update it is the one used; at another event of an optimizer (its `zero_grad`, its `step`,
    a scheduler's) that of its first group; at any other event that of the optimizer made first.
    `optimizers` are all that were made by then, in that order.
    """
    hyper = detail.get("hyper")
    used = _number(hyper.get("lr")) if isinstance(hyper, Mapping) else None
    if used is not None:
        return used
    known = list(optimizers)
    own = [state for state in known if state.id == detail.get("optimizer")]
    rates = (_number(group.get("lr")) for state in (*own, *known) for group in state.groups)
    return next((rate for rate in rates if rate is not None), None)


def _number(rate: Any) -> float | None:
    return float(rate) if isinstance(rate, (int, float)) else None
