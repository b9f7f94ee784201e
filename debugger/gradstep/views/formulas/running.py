"""Further sums: running ones, of exponentials, norms; and picks by size."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.reduction import reduced
from gradstep.views.formulas.rule import Rule, Worked, number, product, summed


def _cumsum(call: Call, position: int, place: Place) -> Worked:
    grad = call.incoming()
    axis = int(call.option("dim", 0)) % max(grad.ndim, 1)
    later = grad[tuple(slice(i, None) if d == axis else i for d, i in enumerate(place))]
    later = later.reshape(-1)
    return summed(lambda i: number(later[i]), later)


def _at(call: Call, array: Array, place: Place) -> float:
    spread, _ = reduced(call, array)
    at = tuple(0 if size == 1 else i for i, size in zip(place, spread.shape, strict=True))
    return float(spread[at])


def _logsumexp(call: Call, position: int, place: Place) -> Worked:
    a = float(call.array(0)[place])
    out, grad = _at(call, call.output(), place), _at(call, call.incoming(), place)
    value = grad * math.exp(a - out)
    return Worked(product(number(grad), f"e^({number(a)} − {number(out)})"), value, abs(value))


def _norm(call: Call, position: int, place: Place) -> Worked:
    a = float(call.array(0)[place])
    out, grad = _at(call, call.output(), place), _at(call, call.incoming(), place)
    power = call.option("p", 2)
    if str(power) == "inf":
        return _of_largest(call, place, a, out, grad)
    if not isinstance(power, (int, float)) or math.isinf(power) or power == 0:
        raise Unknown("a norm of another kind")
    if out == 0 or a == 0:
        return Worked("0", 0.0, 0.0)
    sign = 1 if a > 0 else -1
    value = grad * sign * (abs(a) / out) ** (power - 1)
    if power == 2:
        return Worked(product(number(grad), f"{number(a)} / {number(out)}"), value, abs(value))
    share = f"(|{number(a).strip('()')}| / {number(out)})^{power - 1:g}"
    return Worked(product(number(grad), f"({'−' if sign < 0 else ''}1)", share), value, abs(value))


def _of_largest(call: Call, place: Place, a: float, out: float, grad: float) -> Worked:
    """Share the gradient among the elements of the largest magnitude."""
    if abs(a) != out or not a:
        return Worked(f"0  (|{number(a).strip('()')}| is not the largest)", 0.0, 0.0)
    sizes, spread = abs(call.array(0)), reduced(call, call.output())[0]
    line = tuple(slice(None) if n == 1 else i for i, n in zip(place, spread.shape, strict=True))
    ties = int((sizes[line] == out).sum())
    value = grad * (1 if a > 0 else -1) / ties
    text = product(number(grad), f"sign({number(a).strip('()')})")
    return Worked(text + (f" / {ties}" if ties > 1 else ""), value, abs(value))


def _nansum(call: Call, position: int, place: Place) -> Worked:
    a = float(call.array(0)[place])
    grad = _at(call, call.incoming(), place)
    if a != a:
        return Worked("0  (it is NaN)", 0.0, 0.0)
    return Worked(number(grad), grad, abs(grad))


def _picked(call: Call, position: int, place: Place) -> Worked:
    """An element that sort, topk or kthvalue chose gets what came for its place among them."""
    import numpy as np

    a, out, grad = call.array(0), call.output(), call.incoming()
    axis = int(call.option("dim", -1)) % max(a.ndim, 1)
    if out.ndim < a.ndim:
        out, grad = np.expand_dims(out, axis), np.expand_dims(grad, axis)
    line = tuple(slice(None) if d == axis else i for d, i in enumerate(place))
    mine = float(a[place])
    if int((a[line] == mine).sum()) > 1:
        raise Unknown("several elements are equal")
    places = np.flatnonzero(out[line] == mine)
    if not places.size:
        return Worked("0  (not chosen)", 0.0, 0.0)
    value = float(grad[line][places[0]])
    return Worked(f"{number(value)}  (it came to place {places[0]})", value, abs(value))


_CHOSEN: Final = ("grad_a = grad_out of the place that it came to, 0 if it was not chosen",)

RULES: Final[Mapping[str, Rule]] = {
    "Cumsum": Rule(
        "out = the sum up to each place", ("grad_a = Σ of grad_out from here on",), _cumsum
    ),
    "Logsumexp": Rule("out = ln Σ e^a", ("grad_a = grad_out · e^(a − out)",), _logsumexp),
    "LinalgVectorNorm": Rule(
        "out = (Σ |a|^p)^(1/p)", ("grad_a = grad_out · sign a · (|a| / out)^(p−1)",), _norm
    ),
    "Nansum": Rule("out = Σ a without NaN", ("grad_a = grad_out, 0 where a is NaN",), _nansum),
    "Sort": Rule("out = a in order", _CHOSEN, _picked),
    "Topk": Rule("out = the k first of a in order", _CHOSEN, _picked),
    "Kthvalue": Rule("out = the k-th smallest of a", _CHOSEN, _picked),
}
