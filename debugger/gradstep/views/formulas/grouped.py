"""Gradients of what is standardised in groups: group, instance and RMS norm, local response."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place
from gradstep.views.formulas.rule import Rule, Worked, dot, number, summed


def _has(call: Call, position: int) -> bool:
    return len(call.arguments) > position and call.arguments[position] is not None


def _group(call: Call, place: Place) -> tuple[slice, int]:
    channels = call.array(0).shape[1]
    size = channels // int(call.option("groups", call.option("num_groups", 1)))
    first = place[1] // size * size
    return slice(first, first + size), first


def _group_norm(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, grad = call.array(0), call.incoming()
    eps = float(call.option("eps", 1e-5))
    if position:
        channel = place[0]
        arriving = grad[:, channel].reshape(-1)
        if position == 2:
            return summed(lambda i: number(arriving[i]), arriving)
        x = []
        for sample in range(len(a)):
            where, _ = _group(call, (sample, channel))
            group = a[sample, where]
            x.append((a[sample, channel] - group.mean()) / math.sqrt(group.var() + eps))
        return dot(arriving, np.array(x))
    where, first = _group(call, place)
    group, g = a[place[0], where], grad[place[0], where]
    if _has(call, 1):
        g = g * call.array(1)[where].reshape(-1, *(1,) * (a.ndim - 2))
    deviation = math.sqrt(float(group.var()) + eps)
    x = (group - group.mean()) / deviation
    at = (place[1] - first, *place[2:])
    return _standardised(g, x, deviation, at, float(g.mean()))


def _standardised(g: Array, x: Array, deviation: float, at: Place, mean: float) -> Worked:
    along, mine, here = float((g * x).mean()), float(g[at]), float(x[at])
    less = f" − {number(mean)}" if mean else ""
    text = f"({number(mine)}{less} − {number(here)} · {number(along)}) / {number(deviation)}"
    scale = (abs(mine) + abs(mean) + abs(here * along)) / deviation
    return Worked(text, (mine - mean - here * along) / deviation, scale)


def _rms_norm(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, grad = call.array(0), call.incoming()
    amount = int(call.option("axes", 1))
    axes = tuple(range(a.ndim - amount, a.ndim))
    eps = float(call.option("eps", 1.2e-7))
    roots = np.sqrt((a**2).mean(axis=axes, keepdims=True) + eps)
    if position:
        index = (Ellipsis, *place)
        return dot(grad[index], (a / roots)[index])
    lead = place[: a.ndim - amount]
    g = grad[lead] * (call.array(1) if _has(call, 1) else 1.0)
    root = float(roots[lead].reshape(-1)[0])
    return _standardised(g, a[lead] / root, root, place[a.ndim - amount :], 0.0)


def _response(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, grad, size = call.array(0), call.incoming(), int(call.option("size", 5))
    alpha, beta, k = (float(call.option(name, other)) for name, other in
                      (("alpha", 1e-4), ("beta", 0.75), ("k", 1.0)))  # fmt: skip
    channels, channel = a.shape[1], place[1]
    line = (place[0], slice(None), *place[2:])
    values, arriving = a[line], grad[line]

    def base(at: int) -> float:
        first = at - size // 2
        near = values[max(first, 0) : first + size]
        return k + alpha * float((near**2).sum()) / size

    own = float(arriving[channel]) / base(channel) ** beta
    terms = [own]
    texts = [f"{number(arriving[channel])} / {number(base(channel) ** beta)}"]
    here = float(values[channel])
    for at in range(channels):
        first = at - size // 2
        if not first <= channel < first + size:
            continue
        factor = -2 * alpha * beta / size * float(values[at]) / base(at) ** (beta + 1)
        terms.append(float(arriving[at]) * factor * here)
        texts.append(f"{number(arriving[at])} · {number(factor)} · {number(here)}")
    return summed(texts.__getitem__, np.array(terms))


_GROUPED: Final = Rule(
    "out = x̂·w + b, x̂ = (a − mean a) / s of its group",
    (
        "grad_a = (g − mean g − x̂·mean(g·x̂)) / s, g = grad_out·w",
        "grad_w = Σ grad_out·x̂",
        "grad_b = Σ grad_out",
    ),
    _group_norm,
)

RULES: Final[Mapping[str, Rule]] = {
    "group_norm": _GROUPED,
    "instance_norm": _GROUPED,
    "rms_norm": Rule(
        "out = x̂·w, x̂ = a / r, r = √(mean a² + ε)",
        ("grad_a = (g − x̂·mean(g·x̂)) / r, g = grad_out·w", "grad_w = Σ grad_out·x̂"),
        _rms_norm,
    ),
    "local_response_norm": Rule(
        "out = a / d^β, d = k + α·mean of a² near it",
        ("grad_a = grad_out / d^β − Σ near it of grad_out·2αβ/n·a·a' / d^(β+1)",),
        _response,
    ),
}
"""By the name of the op."""
