"""Spread and what divides by it: var, std, layer_norm, batch_norm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.reduction import reduced
from gradstep.views.formulas.rule import Rule, Worked, dot, number, summed


def _spread(call: Call, place: Place) -> tuple[float, float, float, float]:
    """Give grad_out, a, its mean and what the squares are divided by, at one element."""
    grad, amount = reduced(call, call.incoming())
    a = call.array(0).astype(float)
    axes = tuple(
        i for i, (kept, size) in enumerate(zip(grad.shape, a.shape, strict=True)) if kept != size
    )
    mean = a.mean(axis=axes, keepdims=True)
    at = tuple(0 if size == 1 else i for i, size in zip(place, grad.shape, strict=True))
    return float(grad[at]), float(a[place]), float(mean[at]), amount - float(_correction(call))


def _correction(call: Call) -> float:
    found = call.option("correction", 1)
    return float(found if isinstance(found, (int, float)) else 1)


def _var(call: Call, position: int, place: Place) -> Worked:
    grad, a, mean, count = _spread(call, place)
    value = grad * 2 * (a - mean) / count
    text = f"{number(grad)} · 2 · ({number(a)} − {number(mean)}) / {count:g}"
    return Worked(text, value, abs(grad) * 2 * (abs(a) + abs(mean)) / count)


def _std(call: Call, position: int, place: Place) -> Worked:
    grad, a, mean, count = _spread(call, place)
    out, _ = reduced(call, call.output())
    deviation = float(out[tuple(0 if s == 1 else i for i, s in zip(place, out.shape, strict=True))])
    if deviation == 0:
        raise Unknown("the standard deviation is 0")
    value = grad * (a - mean) / (count * deviation)
    text = f"{number(grad)} · ({number(a)} − {number(mean)}) / ({count:g} · {number(deviation)})"
    return Worked(text, value, abs(grad) * (abs(a) + abs(mean)) / (count * deviation))


def _normalised(call: Call, a: Array, axes: tuple[int, ...]) -> tuple[Array, Array]:
    """Give the standardised input and its standard deviation over `axes`."""
    import numpy as np

    deviation = np.sqrt(a.var(axis=axes, keepdims=True) + float(call.option("eps", 1e-5)))
    return (a - a.mean(axis=axes, keepdims=True)) / deviation, deviation


def _input(
    x: Array, deviation: Array, arriving: Array, axes: tuple[int, ...], place: Place
) -> Worked:
    """Work the gradient of a standardised input out: less its mean and its part along x̂."""
    at = tuple(0 if size == 1 else i for i, size in zip(place, deviation.shape, strict=True))
    mean = float(arriving.mean(axis=axes, keepdims=True)[at])
    along = float((arriving * x).mean(axis=axes, keepdims=True)[at])
    g, here, s = float(arriving[place]), float(x[place]), float(deviation[at])
    text = f"({number(g)} − {number(mean)} − {number(here)} · {number(along)}) / {number(s)}"
    scale = (abs(g) + abs(mean) + abs(here * along)) / s
    return Worked(text, (g - mean - here * along) / s, scale)


def _added(grad: Array, x: Array | None, keep: tuple[int, ...], place: Place) -> Worked:
    """Sum grad_out, times x̂ for a weight, over all places that one element takes part in."""
    index = tuple(
        place[keep.index(axis)] if axis in keep else slice(None) for axis in range(grad.ndim)
    )
    g = grad[index].reshape(-1).astype(float)
    if x is None:
        return summed(lambda i: number(g[i]), g)
    return dot(g, x[index])


def _layer_norm(call: Call, position: int, place: Place) -> Worked:
    a, grad = call.array(0), call.incoming().astype(float)
    amount = int(call.option("axes", 1))
    axes = tuple(range(a.ndim - amount, a.ndim))
    x, deviation = _normalised(call, a, axes)
    if position:
        return _added(grad, x if position == 1 else None, axes, place)
    weight = call.array(1) if len(call.arguments) > 1 and call.arguments[1] is not None else 1.0
    return _input(x, deviation, grad * weight, axes, place)


def _batch_norm(call: Call, position: int, place: Place) -> Worked:
    a, grad = call.array(0), call.incoming().astype(float)
    if any(entry is None for entry in call.arguments) or len(call.arguments) < 3:
        raise Unknown("a batch norm without weight and bias")
    channel = place[1] if position == 0 else place[0]
    # Of the other channels nothing is needed.
    a, grad = a[:, channel : channel + 1], grad[:, channel : channel + 1]
    weight = float(call.array(1)[channel])
    place = (place[0], 0, *place[2:]) if position == 0 else (0,)
    if call.option("training", True):
        axes = (0, *range(2, a.ndim))
        x, deviation = _normalised(call, a, axes)
        if position:
            return _added(grad, x if position == 1 else None, (1,), place)
        return _input(x, deviation, grad * weight, axes, place)
    mean = float(call.array(3)[channel])
    s = math.sqrt(float(call.array(4)[channel]) + float(call.option("eps", 1e-5)))
    if position:
        return _added(grad, (a - mean) / s if position == 1 else None, (1,), place)
    g, w = float(grad[place]), weight
    return Worked(f"{number(g)} · {number(w)} / {number(s)}", g * w / s, abs(g * w / s))


_NORM: Final = (
    "grad_a = (g − mean g − x̂·mean(g·x̂)) / s, g = grad_out·w",
    "grad_w = Σ grad_out·x̂",
    "grad_b = Σ grad_out",
)

RULES: Final[Mapping[str, Rule]] = {
    "Var": Rule(
        "out = mean of (a − mean a)², n − correction for n",
        ("grad_a = grad_out · 2·(a − mean a) / (n − correction)",),
        _var,
    ),
    "Std": Rule(
        "out = √var(a)", ("grad_a = grad_out · (a − mean a) / ((n − correction)·out)",), _std
    ),
    "NativeLayerNorm": Rule("out = x̂·w + b, x̂ = (a − mean a) / s", _NORM, _layer_norm),
    "NativeBatchNorm": Rule("out = x̂·w + b, x̂ = (a − mean a) / s", _NORM, _batch_norm),
}
