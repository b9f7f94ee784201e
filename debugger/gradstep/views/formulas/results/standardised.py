"""Results of normalisation: less the mean, over the spread, times a weight and plus a bias."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.results.products import given
from gradstep.views.formulas.rule import Worked, number


def _shifted(
    a: float, mean: float, deviation: float, weight: float | None, bias: float | None
) -> Worked:
    if deviation == 0:
        raise Unknown("the spread is 0")
    value, scale = (a - mean) / deviation, (abs(a) + abs(mean)) / deviation
    text = f"({number(a)} − {number(mean)}) / {number(deviation)}"
    if weight is not None:
        text, value, scale = f"{text} · {number(weight)}", value * weight, scale * abs(weight)
    if bias is not None:
        text, value, scale = f"{text} + {number(bias)}", value + bias, scale + abs(bias)
    return Worked(text, value, scale)


def _at(call: Call, position: int, place: Place | int) -> float | None:
    return float(call.array(position)[place]) if given(call, position) else None


def _spread(group: Array, call: Call, default: float = 1e-5) -> tuple[float, float]:
    return float(group.mean()), math.sqrt(float(group.var()) + float(call.option("eps", default)))


def _layer_norm(call: Call, place: Place) -> Worked:
    a = call.array(0)
    amount = int(call.option("axes", 1))
    mean, deviation = _spread(a[place[: a.ndim - amount]], call)
    inner = place[a.ndim - amount :]
    return _shifted(float(a[place]), mean, deviation, _at(call, 1, inner), _at(call, 2, inner))


def _rms_norm(call: Call, place: Place) -> Worked:
    a = call.array(0)
    amount = int(call.option("axes", 1))
    group = a[place[: a.ndim - amount]]
    root = math.sqrt(float((group**2).mean()) + float(call.option("eps", 1.2e-7)))
    weight = _at(call, 1, place[a.ndim - amount :])
    value = float(a[place]) / root
    text = f"{number(a[place])} / {number(root)}"
    if weight is not None:
        text, value = f"{text} · {number(weight)}", value * weight
    return Worked(text, value, abs(value))


def _batch_norm(call: Call, place: Place) -> Worked:
    a, channel = call.array(0), place[1]
    if call.option("training", True):
        mean, deviation = _spread(a[:, channel], call)
    else:
        if not given(call, 4):
            raise Unknown("the running mean is not recorded")
        mean = float(call.array(3)[channel])
        deviation = math.sqrt(float(call.array(4)[channel]) + float(call.option("eps", 1e-5)))
    weight, bias = _at(call, 1, channel), _at(call, 2, channel)
    return _shifted(float(a[place]), mean, deviation, weight, bias)


def _group_norm(call: Call, place: Place) -> Worked:
    a, channel = call.array(0), place[1]
    size = a.shape[1] // int(call.option("groups", call.option("num_groups", 1)))
    first = channel // size * size
    mean, deviation = _spread(a[place[0], first : first + size], call)
    weight, bias = _at(call, 1, channel), _at(call, 2, channel)
    return _shifted(float(a[place]), mean, deviation, weight, bias)


def _response_norm(call: Call, place: Place) -> Worked:
    a, channel, size = call.array(0), place[1], int(call.option("size", 5))
    first = channel - size // 2
    near = a[(place[0], slice(max(first, 0), first + size), *place[2:])]
    alpha, beta, k = (float(call.option(n, d)) for n, d in (("alpha", 1e-4), ("beta", 0.75),
                                                            ("k", 1.0)))  # fmt: skip
    mean = float((near**2).sum()) / size
    value = float(a[place]) / (k + alpha * mean) ** beta
    text = f"{number(a[place])} / ({k:g} + {alpha:g} · {number(mean)})^{beta:g}"
    return Worked(text, value, abs(value))


WORKS: Final[Mapping[str, Work]] = {
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "batch_norm": _batch_norm,
    "group_norm": _group_norm,
    "instance_norm": _group_norm,
    "local_response_norm": _response_norm,
}
