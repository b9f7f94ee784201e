"""interpolate: which elements a place of the result mixes, and with which weights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product as places
from typing import Final

from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, number, product, summed

Weights = dict[int, float]


def _cubic(distance: float) -> float:
    """Weigh a neighbour at a distance, with a = −0.75 as torch has it (Keys, 1981)."""
    a, x = -0.75, abs(distance)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a if x < 2 else 0.0


def weights(mode: str, at: int, size: int, out: int, scale: float, *, corners: bool) -> Weights:
    """Give the elements that one place of an axis of the result is mixed from.

    Raises:
        Unknown: the mode is another.
    """
    found: Weights = {}

    def add(index: int, weight: float) -> None:
        index = min(max(index, 0), size - 1)
        found[index] = found.get(index, 0.0) + weight

    if mode.startswith("nearest"):
        middle = 0.5 if mode == "nearest-exact" else 0.0
        add(math.floor((at + middle) * scale), 1.0)
        return found
    if corners:
        source = at * (size - 1) / (out - 1) if out > 1 else 0.0
    else:
        source = (at + 0.5) * scale - 0.5
    if mode == "bicubic":
        first = math.floor(source)
        for step in range(-1, 3):
            add(first + step, _cubic(source - first - step))
        return found
    if mode not in ("linear", "bilinear", "trilinear"):
        raise Unknown("another way of interpolating")
    source = max(source, 0.0)
    first = min(math.floor(source), size - 1)
    add(first, 1 - (source - first))
    if source > first:
        add(first + 1, source - first)
    return {i: w for i, w in found.items() if w}


def _axes(call: Call) -> list[tuple[int, int, float]]:
    a, size, scales = call.array(0), call.option("size"), call.option("scales")
    if not isinstance(size, tuple) or not isinstance(scales, tuple):
        raise Unknown("its sizes are not known")
    lengths = a.shape[-len(size) :]
    return [(n, m, float(s)) for n, m, s in zip(lengths, size, scales, strict=True)]


def mixed(call: Call, place: Place) -> Worked:
    """Work one element of the result out."""
    import numpy as np

    mode, corners = str(call.option("mode", "nearest")), bool(call.option("align_corners", False))
    axes = _axes(call)
    a, lead = call.array(0), place[: -len(axes)]
    each = [
        weights(mode, at, n, m, s, corners=corners).items()
        for at, (n, m, s) in zip(place[-len(axes) :], axes, strict=True)
    ]
    texts, terms = [], []
    for choice in places(*each):
        value = float(a[(*lead, *(i for i, _ in choice))])
        weight = math.prod(w for _, w in choice)
        texts.append(number(value) if weight == 1 else f"{number(weight)} · {number(value)}")
        terms.append(weight * value)
    return summed(texts.__getitem__, np.array(terms))


def _back(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    mode, corners = str(call.option("mode", "nearest")), bool(call.option("align_corners", False))
    axes = _axes(call)
    grad, lead = call.incoming(), place[: -len(axes)]
    each: list[list[tuple[int, float]]] = []
    for at, (n, m, s) in zip(place[-len(axes) :], axes, strict=True):
        shares = ((i, weights(mode, i, n, m, s, corners=corners).get(at, 0.0)) for i in range(m))
        each.append([(i, w) for i, w in shares if w])
    texts, terms = [], []
    for choice in places(*each):
        value = float(grad[(*lead, *(i for i, _ in choice))])
        weight = math.prod(w for _, w in choice)
        texts.append(product(number(value), number(weight) if weight != 1 else ""))
        terms.append(weight * value)
    if not terms:
        return Worked("0  (no place is mixed from it)", 0.0, 0.0)
    return summed(texts.__getitem__, np.array(terms))


RULES: Final[Mapping[str, Rule]] = {
    "interpolate": Rule(
        "out = Σ of weight · a near its place",
        ("grad_a = Σ of grad_out · weight, where it was mixed in",),
        _back,
    ),
}
"""By the name of the op."""
