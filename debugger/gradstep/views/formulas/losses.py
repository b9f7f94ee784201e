"""Losses: mse, l1, huber, KL, binary and multi-class cross-entropy, with torch's `reduction`."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views import numbers
from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.rule import Rule, Worked, number
from gradstep.views.formulas.softmax import class_axis, softmax


def _share(call: Call, elements: int, place: Place) -> tuple[float, str, int]:
    """Give the gradient that reaches one element: value, text, and what it is divided by."""
    grad = call.incoming()
    if grad.ndim and grad.size > 1:
        return float(grad[place]), number(grad[place]), 1
    value = float(grad.reshape(-1)[0])
    return value, number(value), elements if call.option("reduction", "mean") == "mean" else 1


def _scaled(grad: tuple[float, str, int], inner: float, text: str) -> Worked:
    value, head, count = grad
    result = value * inner / count
    return Worked(f"{head} · {text}" + (f" / {count}" if count > 1 else ""), result, abs(result))


Slope = Callable[[Call, float, float], tuple[float, str]]
"""The derivative of a loss by one of a prediction and its target, and how it is written."""


def _pointwise(by_input: Slope, by_target: Slope) -> Callable[[Call, int, Place], Worked]:
    """Make the rule of a loss that compares element by element, weighted where there is one."""

    def work(call: Call, position: int, place: Place) -> Worked:
        if position > 1:
            raise Unknown("no formula for a weight")
        a, target = call.array(0), call.array(1)
        if a.shape != target.shape:
            raise Unknown("the target was broadcast")
        slope = by_input if position == 0 else by_target
        inner, text = slope(call, float(a[place]), float(target[place]))
        if _is_given(call, 2):
            weight = call.at(2, place)
            inner, text = inner * weight, f"{number(weight)} · {text}"
        return _scaled(_share(call, a.size, place), inner, text)

    return work


def _mse(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, b = np.broadcast_arrays(call.array(0), call.array(1))
    if call.array(position).shape != a.shape:
        raise Unknown("an argument was broadcast")
    sign = 1 if position == 0 else -1
    left, right = (float(a[place]), float(b[place]))[::sign]
    return _scaled(
        _share(call, a.size, place), 2 * (left - right), f"2 · ({number(left)} − {number(right)})"
    )


def _nll(call: Call, position: int, place: Place) -> Worked:
    target, weight, count = targets_of(call, place)
    hit = target == _class_of(call, place)
    value, head, _ = _share(call, 1, _sample(call, place))
    if not hit:
        return Worked(f"0  (the target is class {target})", 0.0, 0.0)
    result = -value * weight / count
    text = f"−{head}" + (f" · {number(weight)}" if weight != 1 else "")
    return Worked(text + (f" / {numbers.hyper(count)}" if count != 1 else ""), result, abs(result))


def _cross_entropy(call: Call, position: int, place: Place) -> Worked:
    a = call.array(0)
    target, weight, count = targets_of(call, place)
    axis = class_axis(call, a)
    line = tuple(slice(None) if d == axis else at for d, at in enumerate(place))
    share = float(softmax(a[line], 0)[place[axis]])
    wanted = int(target == _class_of(call, place))
    value, head, _ = _share(call, 1, _sample(call, place))
    result = value * weight * (share - wanted) / count
    text = f"{head} · ({number(share)} − {wanted})"
    if weight != 1:
        text += f" · {number(weight)}"
    return Worked(text + (f" / {numbers.hyper(count)}" if count != 1 else ""), result, abs(result))


def _class_of(call: Call, place: Place) -> int:
    return place[1] if call.array(0).ndim > 1 else place[0]


def _sample(call: Call, place: Place) -> Place:
    return (place[0], *place[2:]) if call.array(0).ndim > 1 else ()


def targets_of(call: Call, place: Place) -> tuple[int, float, float]:
    """Give the sample's target class, its weight, and what a mean is divided by."""
    import numpy as np

    target = call.array(1)
    if target.shape == call.array(0).shape:
        raise Unknown("the targets are probabilities")
    if float(call.option("label_smoothing", 0) or 0):
        raise Unknown("label smoothing")
    weights = call.array(2) if len(call.arguments) > 2 else np.ones(call.array(0).shape[-1] + 1)
    ignored = call.option("ignore_index", -100)
    counted = target[target != ignored].astype(int)
    mine = int(target[_sample(call, place)])
    if len(call.arguments) > 2:
        total = float(weights[counted].sum())
        weight = float(weights[mine]) if mine != ignored else 0.0
    else:
        total, weight = float(counted.size), 0.0 if mine == ignored else 1.0
    return mine, weight, total if call.option("reduction", "mean") == "mean" else 1.0


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _near(name: str, scaled: bool) -> Callable[[Call, int, Place], Worked]:
    """Make the rule of a loss that is a square near 0 and a line beyond: huber, smooth_l1."""

    def work(call: Call, position: int, place: Place) -> Worked:
        a, b = call.array(0), call.array(1)
        if a.shape != b.shape:
            raise Unknown("an argument was broadcast")
        limit = float(call.option(name, 1.0))
        sign = 1 if position == 0 else -1
        left, right = (float(a[place]), float(b[place]))[::sign]
        distance = left - right
        size = limit if not scaled else 1.0
        share = _share(call, a.size, place)
        if abs(distance) >= limit:
            text = f"{numbers.hyper(size)} · sign({number(left)} − {number(right)})"
            return _scaled(share, size * _sign(distance), text)
        text = f"({number(left)} − {number(right)})"
        if scaled and limit != 1:
            return _scaled(share, distance / limit, f"{text} / {numbers.hyper(limit)}")
        return _scaled(share, distance, text)

    return work


def _kl_input(call: Call, a: float, y: float) -> tuple[float, str]:
    if call.option("log_target", False):
        return -math.exp(y), f"(−e^{number(y)})"
    return -y, f"(−{number(y)})"


def _kl_target(call: Call, a: float, y: float) -> tuple[float, str]:
    if call.option("log_target", False):
        text = f"e^{number(y)} · ({number(y)} − {number(a)} + 1)"
        return math.exp(y) * (y - a + 1), text
    if y <= 0:
        return 0.0, "0"
    return math.log(y) - a + 1, f"(ln {number(y)} − {number(a)} + 1)"


def _bce_input(call: Call, a: float, y: float) -> tuple[float, str]:
    text = f"({number(a)} − {number(y)}) / ({number(a)}·(1 − {number(a)}))"
    return (a - y) / max(a * (1 - a), 1e-12), text


def _bce_target(call: Call, a: float, y: float) -> tuple[float, str]:
    if not 0 < a < 1:
        raise Unknown("a logarithm of 0")
    text = f"(ln(1 − {number(a)}) − ln {number(a)})"
    return math.log1p(-a) - math.log(a), text


def _logits_input(call: Call, a: float, y: float) -> tuple[float, str]:
    return _sigmoid(a) - y, f"(σ({number(a)}) − {number(y)})"


def _logits_target(call: Call, a: float, y: float) -> tuple[float, str]:
    # ln σ(−a) − ln σ(a) is −a.
    return -a, f"(−{number(a)})"


def _weighted_logits(call: Call, position: int, place: Place) -> Worked:
    if not _is_given(call, 3):
        return _pointwise(_logits_input, _logits_target)(call, position, place)
    if position > 1:
        raise Unknown("no formula for a weight")
    a, target = call.array(0), call.array(1)
    if a.shape != target.shape:
        raise Unknown("the target was broadcast")
    weight, positive = (call.at(i, place) if _is_given(call, i) else 1.0 for i in (2, 3))
    share, at, y = _share(call, a.size, place), float(a[place]), float(target[place])
    s = _sigmoid(at)
    if position == 1:
        yes, no = -math.log1p(math.exp(-at)), -math.log1p(math.exp(at))
        inner = no - positive * yes
        text = f"({number(no)} − {number(positive)} · {number(yes)})"
    else:
        inner = (1 - y) * s - positive * y * (1 - s)
        gain = f"{number(positive)} · {number(y)} · {number(1 - s)}"
        text = f"((1 − {number(y)}) · {number(s)} − {gain})"
    if weight != 1:
        text = f"{number(weight)} · {text}"
    return _scaled(share, weight * inner, text)


def _is_given(call: Call, position: int) -> bool:
    return len(call.arguments) > position and call.arguments[position] is not None


MSE: Final = Rule(
    "out = mean of (a − y)²", ("grad_a = grad_out · 2·(a − y) / n", "grad_y = −grad_a"), _mse
)
BCE: Final = Rule(
    "out = mean of −y·ln a − (1−y)·ln(1−a)",
    (
        "grad_a = grad_out · (a − y) / (a·(1 − a)) / n",
        "grad_y = grad_out · (ln(1 − a) − ln a) / n",
    ),
    _pointwise(_bce_input, _bce_target),
)
BCE_LOGITS: Final = Rule(
    "out = mean of the cross-entropy of σ(a) and y",
    ("grad_a = grad_out · (σ(a) − y) / n", "grad_y = −grad_out · a / n"),
    _weighted_logits,
)
HUBER: Final = Rule(
    "out = mean of ½(a − y)² within δ, else δ·(|a − y| − ½δ)",
    ("grad_a = grad_out · (a − y, kept within ±δ) / n", "grad_y = −grad_a"),
    _near("delta", scaled=False),
)
SMOOTH_L1: Final = Rule(
    "out = mean of ½(a − y)²/β within β, else |a − y| − ½β",
    ("grad_a = grad_out · ((a − y)/β, kept within ±1) / n", "grad_y = −grad_a"),
    _near("beta", scaled=True),
)
KL_DIV: Final = Rule(
    "out = mean of y·(ln y − a)",
    ("grad_a = −grad_out · y / n", "grad_y = grad_out · (ln y − a + 1) / n"),
    _pointwise(_kl_input, _kl_target),
)
NLL: Final = Rule(
    "out = mean of −a[target]", ("grad_a = −grad_out / n at the target, 0 elsewhere",), _nll
)
OF_LOG_SOFTMAX: Final = Rule(
    "loss = mean of −lp[target]", ("grad_lp = −grad_out / n at the target, 0 elsewhere",), _nll
)
"""nll as the second half of cross_entropy."""

CROSS_ENTROPY: Final = Rule(
    "out = mean of −ln softmax(a)[target]",
    ("grad_a = grad_out · (softmax(a) − 1[target]) / n",),
    _cross_entropy,
)


RULES: Final[Mapping[str, Rule]] = {
    "MseLoss": MSE,
    "BinaryCrossEntropy": BCE,
    "BinaryCrossEntropyWithLogits": BCE_LOGITS,
    "HuberLoss": HUBER,
    "SmoothL1Loss": SMOOTH_L1,
    "KlDiv": KL_DIV,
    "NllLoss": NLL,
    "NllLoss2D": NLL,
    "CrossEntropy": CROSS_ENTROPY,
    "CrossEntropyLoss": CROSS_ENTROPY,
}
