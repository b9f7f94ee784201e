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


def _log_softmax(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, grad = call.array(0), call.incoming()
    axis = class_axis(call, a)
    share = softmax(a, axis)[place]
    total = float(np.take(grad.sum(axis=axis, keepdims=True), 0, axis=axis)[_without(place, axis)])
    own = float(grad[place])
    text = f"{number(own)} − {number(share)} · {number(total)}"
    return Worked(text, own - share * total, abs(own) + abs(share * total))


def _softmax(call: Call, position: int, place: Place) -> Worked:
    import numpy as np

    a, grad = call.array(0), call.incoming()
    axis = class_axis(call, a)
    out = softmax(a, axis)
    mixed = float(
        np.take((grad * out).sum(axis=axis, keepdims=True), 0, axis=axis)[_without(place, axis)]
    )
    own, share = float(grad[place]), float(out[place])
    text = f"{number(share)} · ({number(own)} − {number(mixed)})"
    return Worked(text, share * (own - mixed), share * (abs(own) + abs(mixed)))


def _without(place: Place, axis: int) -> Place:
    return tuple(at for dim, at in enumerate(place) if dim != axis)


INTO_NLL: Final = Rule(
    "lp = a − ln Σ e^a", ("grad_a = grad_lp − softmax(a) · Σ grad_lp",), _log_softmax
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
