"""Results of windows: convolution, pooling; and dropout, whose mask its own result shows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product as places
from typing import Final

from gradstep.views.formulas.call import Call, Place
from gradstep.views.formulas.convolution import kernel_of, over_windows, swapped
from gradstep.views.formulas.resized import mixed
from gradstep.views.formulas.results.along import numbers_of, several
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.results.products import given, plus
from gradstep.views.formulas.rule import Worked, dot, number, summed
from gradstep.views.formulas.window_sizes import Window, sizes, windows_of


def _convolution(call: Call, place: Place) -> Worked:
    x, weight = call.array(0), call.array(1)
    if x.ndim == weight.ndim - 1:
        x, place = x[None], (0, *place)
    kernel = kernel_of(call)
    spreads = "transpose" in call.op.name
    turned = swapped(weight, kernel.groups) if spreads else weight
    found = dot(*over_windows(x, turned, kernel, place, spreads=spreads))
    return plus(found, float(call.array(2)[place[1]]) if given(call, 2) else None)


def _seen(call: Call, place: Place, windows: list[Window]) -> tuple[list[Place], int]:
    """Give the places that a pooling window sees, and how many it would with its padding."""
    lead, inner = place[: -len(windows)], place[-len(windows) :]
    ranges = [window.seen(at) for window, at in zip(windows, inner, strict=True)]
    full = 1
    for window, at in zip(windows, inner, strict=True):
        full *= window.length(at)
    return [(*lead, *at) for at in places(*ranges)], full


def _max_pool(call: Call, place: Place) -> Worked:
    import numpy as np

    a = call.array(0)
    seen, _ = _seen(call, place, windows_of(call))
    values = np.array([float(a[at]) for at in seen])
    value = float(values.max())
    return Worked(f"the largest of {several(values)}", value, abs(value))


def _avg_pool(call: Call, place: Place) -> Worked:
    import numpy as np

    a = call.array(0)
    seen, full = _seen(call, place, windows_of(call))
    values = np.array([float(a[at]) for at in seen])
    divisor = call.option("divisor_override") or (
        full if call.option("count_include_pad", True) else len(seen)
    )
    found = summed(numbers_of(values), values)
    return Worked(f"({found.text}) / {divisor}", found.value / divisor, found.scale / divisor)


def _dropout(call: Call, place: Place) -> Worked:
    a, out = call.at(0, place), float(call.output()[place])
    plain = [v for v in call.arguments[1:] if isinstance(v, (int, float))]
    probability = float(call.option("p", plain[0] if plain else 0.5))
    if a == 0:
        return Worked("0, kept or dropped", 0.0, 0.0)
    if out == 0:
        return Worked("0  (dropped)", 0.0, 0.0)
    text = f"{number(a)} / (1 − {probability:g})  (kept)"
    return Worked(text, a / (1 - probability), abs(a))


def _alpha_dropout(call: Call, place: Place) -> Worked:
    """Rebuild both results that an element may have; which it was, the recorded one tells."""
    a, out, p = call.at(0, place), float(call.output()[place]), float(call.option("p", 0.5))
    low = -1.7580993408473766
    scale = ((1 - p) * (1 + p * low**2)) ** -0.5
    shift = -scale * low * p
    kept, gone = scale * a + shift, scale * low + shift
    if abs(kept - out) <= abs(gone - out):
        text = f"{number(scale)} · {number(a)} + {number(shift)}  (kept)"
        return Worked(text, kept, abs(scale * a) + abs(shift))
    text = f"{number(scale)} · {number(low)} + {number(shift)}  (dropped)"
    return Worked(text, gone, abs(scale * low) + abs(shift))


def _unpooled(call: Call, place: Place) -> Worked:
    import numpy as np

    spatial = len(sizes(call.option("size"), 0, 0)) or 2
    lead, inner = place[:-spatial], place[-spatial:]
    shape = call.output().shape[-spatial:]
    at = int(np.ravel_multi_index(inner, shape))
    index, values = call.array(1)[lead].reshape(-1), call.array(0)[lead].reshape(-1)
    found = np.flatnonzero(index == at)
    if not found.size:
        return Worked("0  (no index names it)", 0.0, 0.0)
    value = float(values[found[-1]])
    return Worked(f"the value whose index is {at}: {number(value)}", value, abs(value))


_POOLS: Final = tuple(f"{n}d" for n in (1, 2, 3))

WORKS: Final[Mapping[str, Work]] = {
    **{f"{name}{n}": _convolution for n in _POOLS for name in ("conv", "conv_transpose")},
    **{f"max_pool{n}": _max_pool for n in _POOLS},
    **{f"adaptive_max_pool{n}": _max_pool for n in _POOLS},
    **{f"avg_pool{n}": _avg_pool for n in _POOLS},
    **{f"adaptive_avg_pool{n}": _avg_pool for n in _POOLS},
    **{f"max_unpool{n}": _unpooled for n in _POOLS},
    **{f"dropout{n}": _dropout for n in ("", *_POOLS)},
    "interpolate": mixed,
    "alpha_dropout": _alpha_dropout,
    "feature_alpha_dropout": _alpha_dropout,
}
