"""What a step is about to do to one parameter, in a few numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gradstep.updates.rule import Before, Rule, result_of

BLOCK: Final = 8_192
"""Elements that are worked out at a time: a formula's twenty arrays of them stay in the cache."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The change Δ that a rule gives, NaN and infinities left out and counted as `odd`.

    `change` is ‖Δ‖, `size` ‖θ‖, `grad` ‖g‖, `lowest` and `highest` are of Δ. `flips` counts the
    elements whose sign would change. `descent` is g·Δ, the change of the loss to first order.
    `decay` is the share that weight decay has in the change, None without weight decay.
    """

    elements: int
    change: float
    size: float
    grad: float
    lowest: float
    highest: float
    flips: int
    descent: float
    decay: float | None
    odd: int

    @property
    def ratio(self) -> float | None:
        """‖Δ‖ / ‖θ‖, None for a parameter that is all zeros."""
        return self.change / self.size if self.size else None

    @property
    def is_all_odd(self) -> bool:
        """Whether there is nothing but NaN and infinities, and so no size of anything."""
        return bool(self.odd) and self.odd == self.elements


def blocks(
    size: int, arrays: Mapping[str, Any], step: int = BLOCK
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield parts of arrays of `size` elements as float64, each with where it begins.

    A number, or an array of another size, is the same for all parts.
    """
    import numpy as np

    flat: dict[str, Any] = {}
    for name, array in arrays.items():
        plain = np.asarray(array)
        is_whole = plain.size == size and plain.ndim > 0
        flat[name] = plain.reshape(-1) if is_whole else np.float64(plain.reshape(-1)[0])
    for start in range(0, size, step):
        yield (
            start,
            {
                name: part[start : start + step].astype(np.float64) if part.ndim else part
                for name, part in flat.items()
            },
        )


def figures(
    rule: Rule, value: Any, grad: Any, hyper: Mapping[str, Any], state: Mapping[str, Any]
) -> Figures:
    """Work a rule out for all elements of a parameter, and sum up what it would change."""
    import numpy as np

    total = _Sums()
    arrays = {**{f"state:{name}": entry for name, entry in state.items()}, "θ": value, "g": grad}
    without = {**hyper, "weight_decay": 0.0}
    has_decay = bool(Before(0.0, 0.0, hyper, {}).number("weight_decay"))
    size = int(np.asarray(value).size)
    with np.errstate(all="ignore"):
        for _, part in blocks(size, arrays):
            theta, gradient = part.pop("θ"), part.pop("g")
            entries = {name.partition(":")[2]: entry for name, entry in part.items()}
            after = _after(rule, theta, gradient, hyper, entries)
            rest = _after(rule, theta, gradient, without, entries) if has_decay else None
            total.add(theta, gradient, after, rest)
    return total.figures(size, has_decay)


def _after(rule: Rule, theta: Any, grad: Any, hyper: Mapping[str, Any], state: Any) -> Any:
    before = Before(theta, grad, hyper, state)
    rule(before)
    return result_of(before.statements)


class _Sums:
    """What is summed over the parts."""

    def __init__(self) -> None:
        self.squares = dict.fromkeys(("Δ", "θ", "g", "decay", "rest"), 0.0)
        self.lowest, self.highest = math.inf, -math.inf
        self.descent, self.flips, self.odd = 0.0, 0, 0

    def add(self, theta: Any, grad: Any, after: Any, rest: Any | None) -> None:
        import numpy as np

        for name, array in (("θ", theta), ("g", grad)):
            self.squares[name] += _square(array)
        finite = np.isfinite(after - theta)
        odd = int(finite.size - np.count_nonzero(finite))
        if odd:
            self.odd += odd
            theta, grad, after = theta[finite], grad[finite], after[finite]
            rest = rest[finite] if rest is not None else None
        delta = after - theta
        if not delta.size:
            return
        self.flips += int(np.count_nonzero(theta * after < 0))
        self.squares["Δ"] += _square(delta)
        self.lowest = min(self.lowest, float(delta.min()))
        self.highest = max(self.highest, float(delta.max()))
        descent = float(np.dot(grad, delta))
        # A rule that reads the gradient's sign makes a finite step of an infinite one.
        if not math.isfinite(descent):
            descent = float(np.dot(np.nan_to_num(grad), delta))
        self.descent += descent
        if rest is not None:
            plain = rest - theta
            self.squares["rest"] += _square(plain)
            self.squares["decay"] += _square(delta - plain)

    def figures(self, size: int, has_decay: bool) -> Figures:
        norms = {name: math.sqrt(value) for name, value in self.squares.items()}
        both = norms["decay"] + norms["rest"]
        is_empty = self.lowest > self.highest
        return Figures(
            elements=size,
            change=norms["Δ"],
            size=norms["θ"],
            grad=norms["g"],
            lowest=0.0 if is_empty else self.lowest,
            highest=0.0 if is_empty else self.highest,
            flips=self.flips,
            descent=self.descent,
            decay=(norms["decay"] / both if both else 0.0) if has_decay else None,
            odd=self.odd,
        )


def _square(array: Any) -> float:
    """Return the sum of the squares of the finite elements."""
    import numpy as np

    total = float(np.dot(array, array))
    if math.isfinite(total):
        return total
    finite = array[np.isfinite(array)]
    return float(np.dot(finite, finite))
