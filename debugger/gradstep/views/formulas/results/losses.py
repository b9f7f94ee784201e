"""Results of losses: the terms with their numbers, and how they are put together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.along import averaged
from gradstep.views.formulas.results.elementwise import Work
from gradstep.views.formulas.rule import Worked, number, summed

Term = Callable[[Call, Array, Array], Array]
"""The losses of all pairs of a prediction and its target."""

Text = Callable[[Call, str, str], str]
"""One of them in numbers, given both as text."""


def put_together(call: Call, terms: Array, text: Callable[[int], str], place: Place) -> Worked:
    """Reduce losses as the op was told to; without a reduction the one at `place` is the result."""
    import numpy as np

    reduction = str(call.option("reduction", "mean"))
    if reduction == "none":
        which = int(np.ravel_multi_index(place, terms.shape)) if place else 0
        value = float(terms.reshape(-1)[which])
        return Worked(text(which), value, abs(value) + 0.05)
    found = summed(text, terms)
    found = Worked(found.text, found.value, found.scale + 0.05 * terms.size)
    if reduction == "sum":
        return found
    return averaged(found, terms.shape[0] if reduction == "batchmean" else terms.size)


def _compared(term: Term, text: Text) -> Work:
    """Make the work of a loss that compares element by element, broadcasting."""

    def work(call: Call, place: Place) -> Worked:
        import numpy as np

        a, y = np.broadcast_arrays(call.array(0), call.array(1))
        with np.errstate(all="ignore"):
            terms = np.asarray(term(call, a, y))
        left, right = a.reshape(-1), y.reshape(-1)
        flat = [_weights(call, i, terms.shape) for i in (2, 3) if _has(call, i)]

        def written(i: int) -> str:
            found = text(call, number(left[i]), number(right[i]))
            return " · ".join([number(flat[0][i]), found]) if flat else found

        if flat and call.op.name != "binary_cross_entropy_with_logits":
            terms = terms * flat[0].reshape(terms.shape)
        return put_together(call, terms, written, place)

    return work


def _has(call: Call, position: int) -> bool:
    return len(call.arguments) > position and call.arguments[position] is not None


def _weights(call: Call, position: int, shape: tuple[int, ...]) -> Array:
    import numpy as np

    return np.broadcast_to(call.array(position), shape).reshape(-1)


def _limit(call: Call, name: str) -> float:
    return float(call.option(name, 1.0))


def _huber(call: Call, a: Array, y: Array) -> Array:
    import numpy as np

    limit, d = _limit(call, "delta"), np.abs(a - y)
    found: Array = np.where(d <= limit, 0.5 * d * d, limit * (d - 0.5 * limit))
    return found


def _huber_text(call: Call, a: str, y: str) -> str:
    limit = _limit(call, "delta")
    near = abs(float(a.strip("()")) - float(y.strip("()"))) <= limit
    return f"½·({a} − {y})²" if near else f"{limit:g}·(|{a} − {y}| − {limit / 2:g})"


def _smooth(call: Call, a: Array, y: Array) -> Array:
    import numpy as np

    limit, d = _limit(call, "beta"), np.abs(a - y)
    if limit == 0:
        return d
    found: Array = np.where(d < limit, 0.5 * d * d / limit, d - 0.5 * limit)
    return found


def _smooth_text(call: Call, a: str, y: str) -> str:
    limit = _limit(call, "beta")
    near = abs(float(a.strip("()")) - float(y.strip("()"))) < limit
    over = "" if limit == 1 else f"/{limit:g}"
    return f"½·({a} − {y})²{over}" if near else f"(|{a} − {y}| − {limit / 2:g})"


def _kl(call: Call, a: Array, y: Array) -> Array:
    import numpy as np

    if call.option("log_target", False):
        return np.exp(y) * (y - a)
    return np.where(y > 0, y * (np.log(np.where(y > 0, y, 1.0)) - a), 0.0)


def _kl_text(call: Call, a: str, y: str) -> str:
    if call.option("log_target", False):
        return f"e^{y}·({y} − {a})"
    return f"{y}·(ln {y} − {a})"


def _bce(call: Call, a: Array, y: Array) -> Array:
    import numpy as np

    # As torch does: logarithms stay above −100.
    return -(y * np.maximum(np.log(a), -100) + (1 - y) * np.maximum(np.log1p(-a), -100))


def _bce_text(call: Call, a: str, y: str) -> str:
    return f"(−{y}·ln {a} − (1 − {y})·ln(1 − {a}))"


def _bce_logits(call: Call, a: Array, y: Array) -> Array:
    import numpy as np

    positive = call.array(3) if _has(call, 3) else 1.0
    # ln σ(a) and ln(1 − σ(a)), without an overflow.
    yes, no = -np.logaddexp(0, -a), -np.logaddexp(0, a)
    found = -(positive * y * yes + (1 - y) * no)
    return found * call.array(2) if _has(call, 2) else found


def _bce_logits_text(call: Call, a: str, y: str) -> str:
    positive = "p·" if _has(call, 3) else ""
    return f"(−{positive}{y}·ln σ({a}) − (1 − {y})·ln σ(−{a}))"


def _by_class(call: Call, place: Place) -> Worked:
    """Average −log p of each target over the samples; of an nll loss the input has the logs."""
    import numpy as np

    a = call.array(0)
    wide = a if a.ndim > 1 else a[None]
    logs = wide
    if call.op.name == "cross_entropy":
        shifted = wide - wide.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    target = call.array(1)
    if target.shape == a.shape or float(call.option("label_smoothing", 0) or 0):
        raise Unknown("the targets are spread over classes")
    targets = np.atleast_1d(target)
    ignored = int(call.option("ignore_index", -100))
    counted = targets != ignored
    safe = np.where(counted, targets, 0).astype(int)
    picked = -np.take_along_axis(logs, np.expand_dims(safe, 1), axis=1).squeeze(1)
    weights = call.array(2)[safe] if _has(call, 2) else np.ones(targets.shape)
    weights = np.where(counted, weights, 0.0)
    rough = float(np.abs(a).max()) * 0.05
    if call.option("reduction", "mean") == "none":
        at = place or (0,)
        value, weight = float(picked[at]), float(weights[at])
        text = _logarithm(call, logs, safe, at) + ("" if weight == 1 else f" · {number(weight)}")
        return Worked(text if counted[at] else "0  (ignored)", value * weight, abs(value) + rough)
    chosen = np.argwhere(counted)
    terms = (picked * weights)[counted]

    def written(i: int) -> str:
        at = tuple(int(n) for n in chosen[i])
        text = _logarithm(call, logs, safe, at)
        return text if weights[at] == 1 else f"{text} · {number(weights[at])}"

    found = summed(written, terms)
    found = Worked(found.text, found.value, found.scale + rough * max(len(chosen), 1))
    if call.option("reduction", "mean") == "sum" or not len(chosen):
        return found
    return averaged(found, round(float(weights.sum()), 4))


def _logarithm(call: Call, logs: Array, targets: Array, at: Place) -> str:
    value = float(logs[(at[0], targets[at], *at[1:])])
    if call.op.name == "cross_entropy":
        return f"(−ln {number(math.exp(value))})"
    return f"(−{number(value)})"


WORKS: Final[Mapping[str, Work]] = {
    "mse_loss": _compared(lambda c, a, y: (a - y) ** 2, lambda c, a, y: f"({a} − {y})²"),
    "huber_loss": _compared(_huber, _huber_text),
    "smooth_l1_loss": _compared(_smooth, _smooth_text),
    "kl_div": _compared(_kl, _kl_text),
    "binary_cross_entropy": _compared(_bce, _bce_text),
    "binary_cross_entropy_with_logits": _compared(_bce_logits, _bce_logits_text),
    "cross_entropy": _by_class,
    "nll_loss": _by_class,
}
