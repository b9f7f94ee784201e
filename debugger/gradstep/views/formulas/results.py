"""The forward side: one element of an op's output, worked out from what the op was given."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views import numbers
from gradstep.views.formulas.arithmetic import exponent_of
from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.losses import targets_of
from gradstep.views.formulas.rule import Worked, number, product, summed

Work = Callable[[Call, Place], Worked]


def work_result(call: Call, place: Place) -> Worked | None:
    """Work the element of the output at `place` out; None where no formula is known.

    Raises:
        Unknown: what the formula needs was not recorded.
    """
    work = BY_OP.get(call.op.name)
    return None if work is None else work(call, place)


def _two(call: Call, place: Place) -> tuple[float, float, str, str]:
    return call.at(0, place), call.at(1, place), call.text(0, place), call.text(1, place)


def _plus(sign: int) -> Work:
    def work(call: Call, place: Place) -> Worked:
        a, b, left, right = _two(call, place)
        alpha = float(call.option("alpha", 1))
        if alpha != 1:
            right = product(numbers.hyper(alpha), right)
        value = a + sign * alpha * b
        return Worked(f"{left} {'+' if sign > 0 else '−'} {right}", value, abs(a) + abs(alpha * b))

    return work


def _times(call: Call, place: Place) -> Worked:
    a, b, left, right = _two(call, place)
    if isinstance(call.arguments[1], (int, float)):
        # As the user most often writes it: the plain number first.
        left, right = right, left
    return Worked(product(left, right), a * b, abs(a * b))


def _over(call: Call, place: Place) -> Worked:
    a, b, left, right = _two(call, place)
    if b == 0 or call.option("rounding_mode") or call.option("rounding"):
        raise Unknown("a division by zero, or one that rounds")
    return Worked(f"{left} / {right}", a / b, abs(a / b))


def _power(call: Call, place: Place) -> Worked:
    base, exponent = call.at(0, place), exponent_of(call, place)
    if base == 0 and exponent < 0:
        raise Unknown("a division by zero")
    value = base**exponent
    if isinstance(value, complex):
        raise Unknown("a root of a negative number")
    written = numbers.hyper(exponent)
    return Worked(f"{call.text(0, place)}^{written}", value, abs(value))


def _unary(text: str, function: Callable[[float], float]) -> Work:
    def work(call: Call, place: Place) -> Worked:
        value = function(call.at(0, place))
        return Worked(text.format(a=call.text(0, place)), value, max(abs(value), 1e-3))

    return work


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def _linear(call: Call, place: Place) -> Worked:
    row, weight = call.array(0)[place[:-1]], call.array(1)[place[-1]]
    terms = [product(number(a), number(b)) for a, b in zip(row[:3], weight[:3], strict=True)]
    found = summed(terms, row * weight)
    if len(call.arguments) < 3 or call.arguments[2] is None:
        return found
    bias = float(call.array(2)[place[-1]])
    return Worked(f"{found.text} + {number(bias)}", found.value + bias, found.scale + abs(bias))


def _whole_sum(call: Call, place: Place) -> Worked:
    a = call.array(0)
    if place or call.output().size > 1:
        raise Unknown("a sum along some dimensions")
    flat = a.reshape(-1)
    return summed([number(x) for x in flat[:3]], flat)


def _whole_mean(call: Call, place: Place) -> Worked:
    found = _whole_sum(call, place)
    return _averaged(found, int(call.array(0).size))


def _averaged(found: Worked, count: int) -> Worked:
    text = found.text if count == 1 else f"({found.text}) / {count}"
    return Worked(text, found.value / count, found.scale / count)


def _mse(call: Call, place: Place) -> Worked:
    a, y = call.array(0), call.array(1)
    if a.shape != y.shape or call.option("reduction", "mean") == "none":
        raise Unknown("the elements are kept apart or broadcast")
    left, right = a.reshape(-1), y.reshape(-1)
    terms = [f"({number(p)} − {number(q)})²" for p, q in zip(left[:3], right[:3], strict=True)]
    found = summed(terms, (left - right) ** 2)
    return found if call.option("reduction", "mean") == "sum" else _averaged(found, int(a.size))


def _cross_entropy(call: Call, place: Place) -> Worked:
    """Average −lp[target] over the samples, lp being the log_softmax of the logits."""
    import numpy as np

    a = call.array(0)
    if a.ndim != 2 or len(call.arguments) > 2 or call.option("reduction", "mean") == "none":
        raise Unknown("an unusual form of the loss")
    shifted = a - a.max(axis=1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    picked = []
    for row in range(a.shape[0]):
        target, weight, _ = targets_of(call, (row, 0))
        if weight:
            picked.append(-float(logs[row, target]))
    found = summed([number(value) for value in picked[:3]], np.asarray(picked))
    scale = found.scale + float(np.abs(a).max()) * len(picked)
    found = Worked(found.text, found.value, scale)
    if call.option("reduction", "mean") == "sum" or not picked:
        return found
    return _averaged(found, len(picked))


BY_OP: Final[Mapping[str, Work]] = {
    "add": _plus(1),
    "sub": _plus(-1),
    "mul": _times,
    "div": _over,
    "pow": _power,
    "neg": _unary("−{a}", lambda a: -a),
    "relu": _unary("max({a}, 0)", lambda a: max(a, 0.0)),
    "sigmoid": _unary("1 / (1 + e^−{a})", _sigmoid),
    "tanh": _unary("tanh {a}", math.tanh),
    "exp": _unary("e^{a}", math.exp),
    "sqrt": _unary("√{a}", math.sqrt),
    "log": _unary("ln {a}", math.log),
    "sin": _unary("sin {a}", math.sin),
    "cos": _unary("cos {a}", math.cos),
    "abs": _unary("|{a}|", abs),
    "linear": _linear,
    "sum": _whole_sum,
    "mean": _whole_mean,
    "mse_loss": _mse,
    "cross_entropy": _cross_entropy,
}
