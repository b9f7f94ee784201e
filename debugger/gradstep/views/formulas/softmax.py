"""softmax and log_softmax: every output depends on every input of its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place
from gradstep.views.formulas.rule import Rule, Worked, number


def softmax(array: Array, axis: int) -> Array:
    """Compute softmax in float64, shifted by the maximum so that nothing overflows."""
    import numpy as np

    raised = np.exp(array - array.max(axis=axis, keepdims=True))
    return raised / raised.sum(axis=axis, keepdims=True)


def class_axis(call: Call, array: Array) -> int:
    """Give the dim that was normalised; for cross_entropy it is the class dim."""
    if call.op.name in ("cross_entropy", "nll_loss"):
        return int(array.ndim > 1)
    dim = call.option("dim")
    if dim is None:
        found = call.integers()
        dim = found[0] if found else -1
    return int(dim) % max(int(array.ndim), 1)


def _line(call: Call, place: Place) -> tuple[Array, Array, int]:
    """Give the arguments and gradients that were normalised together, and the place among them."""
    a, grad = call.array(0), call.incoming()
    axis = class_axis(call, a)
    index = tuple(slice(None) if d == axis else at for d, at in enumerate(place))
    return a[index], grad[index], place[axis]


def _log_softmax(call: Call, position: int, place: Place) -> Worked:
    a, grad, at = _line(call, place)
    share, total, own = float(softmax(a, 0)[at]), float(grad.sum()), float(grad[at])
    text = f"{number(own)} − {number(share)} · {number(total)}"
    return Worked(text, own - share * total, abs(own) + abs(share * total))


def _softmax(call: Call, position: int, place: Place) -> Worked:
    a, grad, at = _line(call, place)
    out = softmax(a, 0)
    mixed, own, share = float((grad * out).sum()), float(grad[at]), float(out[at])
    text = f"{number(share)} · ({number(own)} − {number(mixed)})"
    return Worked(text, share * (own - mixed), share * (abs(own) + abs(mixed)))


def _into_nll(call: Call, position: int, place: Place) -> Worked:
    """Write p − 1[target], which is what remains where one class of a sample gets a gradient."""
    import numpy as np

    a, grad, at = _line(call, place)
    hit = np.flatnonzero(grad)
    if hit.size != 1:
        return _log_softmax(call, position, place)
    share = float(softmax(a, 0)[at])
    wanted, came = int(hit[0] == at), -float(grad[hit[0]])
    text = f"{number(came)} · ({number(share)} − {wanted})"
    return Worked(text, came * (share - wanted), abs(came) * (share + wanted))


INTO_NLL: Final = Rule(
    "lp = a − ln Σ e^a",
    ("grad_a = grad_lp − p · Σ grad_lp = −Σ grad_lp · (p − 1[target]), p = softmax(a)",),
    _into_nll,
)
"""log_softmax as the first half of cross_entropy."""

RULES: Final[Mapping[str, Rule]] = {
    "LogSoftmax": Rule(
        "out = a − ln Σ e^a",
        ("grad_a = grad_out − softmax(a) · Σ grad_out",),
        _log_softmax,
    ),
    "Softmax": Rule(
        "out = e^a / Σ e^a", ("grad_a = out · (grad_out − Σ grad_out · out)",), _softmax
    ),
}
