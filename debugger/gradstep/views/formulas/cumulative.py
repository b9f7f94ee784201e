"""Gradients along a dimension: running products and extremes, medians, and what glu gates."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.reduction import reduced
from gradstep.views.formulas.rule import Rule, Worked, dot, number, product, summed


def _line(call: Call, array: Array, place: Place) -> tuple[Array, int]:
    if not array.ndim:
        return array.reshape(-1), 0
    axis = int(call.option("dim", 0)) % array.ndim
    return array[tuple(slice(None) if d == axis else at for d, at in enumerate(place))], place[axis]


def _cumprod(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, at = _line(call, call.array(0), place)
    grad, _ = _line(call, call.incoming(), place)
    others = np.concatenate(([1.0], a[at + 1 :])).cumprod() * a[:at].prod()
    return dot(grad[at:], others)


def _chosen(sign: int) -> Rule:
    def work(call: Call, position: int, place: Place) -> Worked:
        import numpy as np

        a, at = _line(call, call.array(0), place)
        grad, _ = _line(call, call.incoming(), place)
        best, holder, terms = -math.inf, 0, []
        for i, value in enumerate(sign * a):
            # Of equal ones the later is the one that counts, as in torch.
            if value >= best:
                best, holder = float(value), i
            if holder == at:
                terms.append(float(grad[i]))
        if not terms:
            return Worked("0  (it was never the one)", 0.0, 0.0)
        return summed([number(t) for t in terms[:3]], np.array(terms))

    word = "largest" if sign > 0 else "smallest"
    return Rule(
        f"out = the {word} up to each place", ("grad_a = Σ of grad_out while it was the one",), work
    )


def _logcumsumexp(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, at = _line(call, call.array(0), place)
    grad, _ = _line(call, call.incoming(), place)
    out, _ = _line(call, call.output(), place)
    return dot(grad[at:], np.exp(a[at] - out[at:]))


def _median(call: Call, position: int, place: Place) -> Worked:
    a = call.array(0)
    out, _ = reduced(call, call.output())
    grad, _ = reduced(call, call.incoming())
    at = tuple(0 if size == 1 else i for i, size in zip(place, out.shape, strict=True))
    mine, chosen, came = float(a[place]), float(out[at]), float(grad[at])
    if mine != chosen:
        return Worked(f"0  ({number(mine)} ≠ {number(chosen)})", 0.0, 0.0)
    line = tuple(slice(None) if n != a.shape[d] else at[d] for d, n in enumerate(out.shape))
    ties = int((a[line] == chosen).sum())
    if ties == 1:
        return Worked(f"{number(came)}  (it is the one)", came, abs(came))
    if not call.output().ndim and call.op.name != "mode":
        return Worked(f"{number(came)} / {ties}", came / ties, abs(came))
    raise Unknown("several elements are equal: which was chosen is not recorded")


def _glu(call: Call, position: int, place: Place) -> Worked:
    a, grad = call.array(0), call.incoming()
    axis = int(call.option("dim", -1)) % a.ndim
    half = a.shape[axis] // 2
    first = place[axis] < half
    at = tuple(i % half if d == axis else i for d, i in enumerate(place))
    gate = float(a[tuple(i + half if d == axis else i for d, i in enumerate(at))])
    s = 1 / (1 + math.exp(-gate)) if gate > -700 else 0.0
    g, x = float(grad[at]), float(a[at])
    if first:
        return Worked(product(number(g), f"σ({number(gate)})"), g * s, abs(g * s))
    text = product(number(g), number(x), f"{number(s)} · (1 − {number(s)})")
    return Worked(text, g * x * s * (1 - s), abs(g * x) * 0.05)


_PICKED: Final = ("grad_a = grad_out where it was chosen, 0 elsewhere",)

RULES: Final[Mapping[str, Rule]] = {
    "Cumprod": Rule(
        "out = the product up to each place",
        ("grad_a = Σ of grad_out · the product without it",),
        _cumprod,
    ),
    "Cummax": _chosen(1),
    "Cummin": _chosen(-1),
    "Logcumsumexp": Rule(
        "out = ln Σ e^a up to each place", ("grad_a = Σ of grad_out · e^(a − out)",), _logcumsumexp
    ),
    "Median": Rule("out = the middle one of a", _PICKED, _median),
    "Nanmedian": Rule("out = the middle one of a", _PICKED, _median),
    "Mode": Rule("out = the most frequent of a", _PICKED, _median),
    "Glu": Rule(
        "out = a₁ · σ(a₂), the halves of a",
        ("grad_a = grad_out·σ(a₂), and grad_out·a₁·σ'(a₂) for the other half",),
        _glu,
    ),
}
