"""A line search that ends where the strong Wolfe conditions hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

SUFFICIENT_DECREASE = 1e-4
"""c₁: how much of the decrease that the slope promises must be there (Armijo)."""

CURVATURE = 0.9
"""c₂: how much of the slope's size may be left."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The loss at `t` along the direction, with its gradient and slope (gradient · direction)."""

    t: Any
    loss: float
    gradient: Any
    slope: Any


def strong_wolfe(
    evaluate: Callable[[Any], tuple[float, Any]],
    start: Trial,
    t: Any,
    direction: Any,
    max_evaluations: int,
    tolerance_change: float = 1e-9,
) -> tuple[Trial, int]:
    """Find a step along `direction` that decreases the loss and flattens the slope enough.

    With φ(t) the loss at t, both must hold: φ(t) ≤ φ(0) + c₁ t φ'(0), |φ'(t)| ≤ c₂ |φ'(0)|.
    First the step grows until an interval contains such points, then the interval shrinks by cubic
    interpolation. Source: Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6, with
    the safeguards of Schmidt's minFunc, which PyTorch uses as well.

    Args:
        evaluate: returns the loss and the gradient at a step t.
        start: the trial at 0.
        t: the first step to try.
        direction: where to go, flat.
        max_evaluations: how many further evaluations are allowed, roughly.
        tolerance_change: the interval is small enough if no element changes more than this.

    Returns:
        The best trial, and how often `evaluate` was called.
    """

    def at(step: Any) -> Trial:
        loss, gradient = evaluate(step)
        return Trial(step, loss, gradient, gradient.dot(direction))

    def is_low_enough(trial: Trial) -> bool:
        return not trial.loss > start.loss + SUFFICIENT_DECREASE * trial.t * start.slope

    def is_flat_enough(trial: Trial) -> bool:
        return bool(abs(trial.slope) <= -CURVATURE * start.slope)

    previous, new = start, at(t)
    count = 0
    while count < max_evaluations:
        if not is_low_enough(new) or (count > 1 and new.loss >= previous.loss):
            break
        if is_flat_enough(new):
            return new, count + 1
        if new.slope >= 0:
            break
        bounds = (new.t + 0.01 * (new.t - previous.t), new.t * 10)
        previous, new = new, at(minimum_of_cubic(previous, new, bounds))
        count += 1
    # What lies between is an interval with a good step, unless the evaluations are used up.
    pair = [start if count == max_evaluations else previous, new]
    low, high = (0, 1) if pair[0].loss <= pair[1].loss else (1, 0)
    reach = np.abs(direction).max()
    was_slow = False
    while count < max_evaluations:
        if abs(pair[1].t - pair[0].t) * reach < tolerance_change:
            break
        t = minimum_of_cubic(pair[0], pair[1])
        t, was_slow = _away_from_ends(t, pair, was_slow)
        new = at(t)
        count += 1
        if not is_low_enough(new) or new.loss >= pair[low].loss:
            pair[high] = new
            low, high = (0, 1) if pair[0].loss <= pair[1].loss else (1, 0)
            continue
        is_found = is_flat_enough(new)
        if not is_found and new.slope * (pair[high].t - pair[low].t) >= 0:
            pair[high] = pair[low]
        pair[low] = new
        if is_found:
            break
    return pair[low], count + 1


def _away_from_ends(t: Any, pair: list[Trial], was_slow: bool) -> tuple[Any, bool]:
    """Move a step that is too close to an end for the second time, or beyond it, inwards."""
    least, most = min(pair[0].t, pair[1].t), max(pair[0].t, pair[1].t)
    margin = 0.1 * (most - least)
    if not min(most - t, t - least) < margin:
        return t, False
    if not (was_slow or t >= most or t <= least):
        return t, True
    return (most - margin if abs(t - most) < abs(t - least) else least + margin), False


def minimum_of_cubic(a: Trial, b: Trial, bounds: tuple[Any, Any] | None = None) -> Any:
    """Return where the cubic through both trials, values and slopes, is lowest within `bounds`.

    Source: Nocedal and Wright, equation 3.59.
    """
    first, second = (a, b) if a.t <= b.t else (b, a)
    least, most = bounds if bounds is not None else (first.t, second.t)
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    squared = d1**2 - a.slope * b.slope
    if not squared >= 0:
        return (least + most) / 2.0
    d2 = np.sqrt(squared)
    share = (second.slope + d2 - d1) / (second.slope - first.slope + 2 * d2)
    return min(max(second.t - (second.t - first.t) * share, least), most)
