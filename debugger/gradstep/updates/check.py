"""Whether an optimizer did what its formula says, for every element, within rounding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from gradstep.updates.preview import blocks
from gradstep.updates.rounded import UNITS, Rounded, Unit
from gradstep.updates.rule import Before, Rule, result_of

SLACK: Final = 4.0
"""How often the first-order bound may be exceeded: an optimizer may order its operations anew."""

SAMPLE: Final = 65_536
"""Of a larger parameter whose numbers are not kept, so many elements are looked at."""


@dataclass(frozen=True, slots=True)
class Check:
    """`looked` of `elements` were compared, `wrong` of these differ by more than rounding.

    `worst` is the flat index of the one that differs most, -1 where none does; `expected` and
    `happened` are the change there by the formula and as it was, `error` is
    |happened − expected| / |expected|.
    """

    elements: int
    looked: int
    wrong: int
    worst: int = -1
    expected: float = 0.0
    happened: float = 0.0
    error: float = 0.0

    @property
    def is_fine(self) -> bool:
        """Whether everything that was looked at agrees."""
        return not self.wrong


def compare(
    rule: Rule,
    dtype: str,
    value: Any,
    grad: Any,
    hyper: Mapping[str, Any],
    state: Mapping[str, Any],
    after: Any,
) -> Check:
    """Compare a parameter after a step with what the rule makes of everything before it."""
    import numpy as np

    arrays = {**{f"state:{name}": entry for name, entry in state.items()}, "θ": value, "g": grad}
    arrays["after"] = after
    size = int(np.asarray(value).size)
    wrong, worst = 0, (-1.0, -1, 0.0, 0.0)
    with np.errstate(all="ignore"):
        for start, part in blocks(size, arrays):
            excess, expected, happened = _excess(rule, dtype, hyper, part)
            bad = ~(excess <= 1.0)
            wrong += int(np.count_nonzero(bad))
            if bad.any():
                at = int(np.where(bad, np.nan_to_num(excess, nan=np.inf), -1.0).argmax())
                how = float(np.nan_to_num(excess[at], nan=np.inf))
                found = (how, start + at, float(expected[at]), float(happened[at]))
                worst = max(worst, found, key=lambda each: each[0])
    _, at, expected, happened = worst
    tiny = np.finfo(np.float64).tiny
    error = abs(happened - expected) / (abs(expected) + tiny) if at >= 0 else 0.0
    return Check(size, size, wrong, at, expected, happened, error)


def _excess(
    rule: Rule, dtype: str, hyper: Mapping[str, Any], part: dict[str, Any]
) -> tuple[Any, Any, Any]:
    """Return how far each element is off, in multiples of what rounding allows, and the changes."""
    import numpy as np

    unit = UNITS.get(dtype, UNITS["float32"])
    theta, grad, after = part.pop("θ"), part.pop("g"), part.pop("after")
    state: dict[str, Any] = {}
    for key, entry in part.items():
        name = key.partition(":")[2]
        if name == "step":
            state[name] = entry
        else:
            state[name] = Rounded(entry, 0.0 * entry, unit) if entry.ndim else _kept(entry, unit)
    before = Before(
        Rounded(theta, 0.0 * theta, unit),
        Rounded(grad, 0.0 * grad, unit),
        hyper,
        state,
        kept=lambda number: _kept(number, unit),
    )
    rule(before)
    found = result_of(before.statements)
    allowed = SLACK * (found.error + unit.relative * np.abs(theta))
    difference = np.abs(after - found.value)
    same = (after == found.value) | (np.isnan(after) & np.isnan(found.value)) | np.isinf(allowed)
    return np.where(same, 0.0, difference / allowed), found.value - theta, after - theta


def _kept(number: Any, unit: Unit) -> Rounded:
    """Return a single number that is kept as float32, whatever the type of the parameter."""
    coarse = UNITS["float32"].relative
    if isinstance(number, Rounded):
        return Rounded(number.value, number.error + coarse * abs(number.value), unit)
    return Rounded(number, coarse * abs(number), unit)


def sampled(array: Any, size: int) -> Any:
    """Return evenly spaced elements of an array of `size` elements; other arrays as they are."""
    import numpy as np

    plain = np.asarray(array)
    if plain.size != size or plain.ndim == 0 or size <= SAMPLE:
        return array
    return plain.reshape(-1)[:: stride(size)]


def stride(size: int) -> int:
    """Return the distance of the elements that `sampled` takes."""
    return -(-size // SAMPLE)
