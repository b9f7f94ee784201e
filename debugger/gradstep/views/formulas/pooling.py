"""Gradients through windows: averages and largest elements; and what each element was seen by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product as pairs
from typing import Final

from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, number, summed
from gradstep.views.formulas.window_sizes import Window, windows_of
from gradstep.views.numbers import index as written


def _seeing(call: Call, place: Place, windows: list[Window]) -> list[Place]:
    """Give the places of the output whose windows see an element."""
    axes = len(windows)
    counts = call.incoming().shape[-axes:]
    found = [w.seeing(at, n) for w, at, n in zip(windows, place[-axes:], counts, strict=True)]
    return [(*place[:-axes], *at) for at in pairs(*found)]


def _average(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    grad, windows = call.incoming(), windows_of(call)
    texts, terms = [], []
    given = call.option("divisor_override")
    for at in _seeing(call, place, windows):
        inner = at[-len(windows) :]
        divisor = given or 1
        if not given:
            padded = call.option("count_include_pad", True)
            for window, i in zip(windows, inner, strict=True):
                divisor *= window.length(i) if padded else len(window.seen(i))
        texts.append(f"{number(grad[at])} / {divisor}")
        terms.append(float(grad[at]) / divisor)
    if not terms:
        return Worked("0  (no window sees it)", 0.0, 0.0)
    return summed(texts.__getitem__, np.array(terms))


def _largest(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, grad, windows = call.array(0), call.incoming(), windows_of(call)
    texts, terms = [], []
    for at in _seeing(call, place, windows):
        ranges = [w.seen(i) for w, i in zip(windows, at[-len(windows) :], strict=True)]
        seen = [(*at[: -len(windows)], *inner) for inner in pairs(*ranges)]
        best = max(seen, key=lambda one: (float(a[one]), [-i for i in one]))
        if best == place:
            texts.append(f"{number(grad[at])} (largest of window {written(at[-len(windows) :])})")
            terms.append(float(grad[at]))
    if not terms:
        return Worked("0  (not the largest of its window)", 0.0, 0.0)
    return summed(texts.__getitem__, np.array(terms))


def _unpooled(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    if position:
        raise Unknown("an index has no gradient")
    grad = call.incoming()
    shape = call.option("size")
    spatial = len(shape) if isinstance(shape, tuple) else 2
    inner = np.unravel_index(int(call.array(1)[place]), grad.shape[-spatial:])
    at = (*place[:-spatial], *(int(i) for i in inner))
    value = float(grad[at])
    return Worked(f"grad_out{written(at)} {number(value)}", value, abs(value))


_PLANES: Final = tuple(f"{n}d" for n in (1, 2, 3))


def _named(names: tuple[str, ...], rule: Rule) -> dict[str, Rule]:
    return {f"{name}{plane}": rule for name in names for plane in _PLANES}


def _rule(forward: str, backward: str, work: Callable[[Call, int, Place], Worked]) -> Rule:
    return Rule(forward, (backward,), work)


RULES: Final[Mapping[str, Rule]] = {
    **_named(
        ("avg_pool", "adaptive_avg_pool"),
        _rule(
            "out = the mean of each window",
            "grad_a = Σ over the windows that see it of grad_out / size",
            _average,
        ),
    ),
    **_named(
        ("max_pool", "adaptive_max_pool"),
        _rule(
            "out = the largest of each window",
            "grad_a = grad_out at the largest of each window, 0 elsewhere",
            _largest,
        ),
    ),
    **_named(
        ("max_unpool",),
        _rule("out = a at its indices, else 0", "grad_a = grad_out at its index", _unpooled),
    ),
}
"""By the name of the op."""
