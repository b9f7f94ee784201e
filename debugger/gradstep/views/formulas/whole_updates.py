"""Update rules that look at a whole parameter to change one element of it: Adafactor, Muon.

Source of the formulas: PyTorch's documentation of both and the papers that it names.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from gradstep.views import numbers
from gradstep.views.formulas.call import Array, Place
from gradstep.views.formulas.optimizers import Written
from gradstep.views.formulas.rule import number as _n

_LEAST: Final = {"float16": 9.765625e-4, "float64": 2.220446049250313e-16}
_LEAST_SINGLE: Final = 1.1920928955078125e-07

_COEFFICIENTS: Final = (3.4445, -4.775, 2.0315)


class Lines:
    """The statements of a rule for the element at `place`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.found: list[Written] = []

    def at(self, value: Any) -> float:
        """Give the element of an array, or a number as it is; of one that broadcasts its own."""
        shape = getattr(value, "shape", ())
        if not shape:
            return float(value)
        return float(
            value[tuple(0 if n == 1 else i for i, n in zip(self.place, shape, strict=True))]
        )

    def let(self, name: str, symbols: str, text: str, value: Any, state: str = "") -> Any:
        """Write a statement down and give its value."""
        self.found.append(Written(name, symbols, text, self.at(value), state))
        return value

    def decayed(self, value: Array, rate: float, decay: float) -> Array:
        """Shrink the parameter itself, where that is asked for."""
        if not decay:
            return value
        text = f"{_n(self.at(value))} · (1 − {rate:g} · {decay:g})"
        shrunk: Array = self.let("θ", "θ·(1 − lr·wd)", text, value * (1 - rate * decay))
        return shrunk


def _rms(array: Array) -> float:
    return math.sqrt(float((array**2).mean()))


def adafactor(
    value: Array, grad: Array, hyper: Mapping[str, Any], state: Mapping[str, Any],
    place: Place, dtype: str,
) -> list[Written]:  # fmt: skip
    """Work Adafactor out: a second moment that a matrix keeps as row and column averages."""
    import numpy as np

    lines = Lines(place)
    lr, d = float(hyper.get("lr") or 0.0), float(hyper.get("d") or 1.0)
    first, second = hyper.get("eps") or (None, 1e-3)
    least = _LEAST.get(dtype, _LEAST_SINGLE) if first is None else float(first)
    step = int(float(state.get("step", 0))) + 1
    if hyper.get("maximize"):
        grad = lines.let("g", "−grad", f"−{_n(lines.at(grad))}", -grad)
    size = _rms(value)
    rho = lines.let("ρ", "min(lr, 1/√t)", f"min({lr:g}, 1/√{step})", min(lr, step**-0.5))
    text = f"max({second:g}, {_n(size)}) · {_n(rho)}"
    alpha = lines.let("α", "max(ε₂, RMS θ)·ρ", text, max(float(second), size) * rho)
    value = lines.decayed(value, lr, float(hyper.get("weight_decay") or 0.0))
    share = lines.let(
        "s", "t^decay", f"{step}^{hyper.get('beta2_decay', -0.8):g}",
        step ** float(hyper.get("beta2_decay", -0.8)),
    )  # fmt: skip

    def mixed(name: str, key: str, symbols: str, now: Array) -> Array:
        old = np.asarray(state.get(key, np.zeros(now.shape)))
        text = f"{_n(lines.at(old))} + {_n(share)} · ({_n(lines.at(now))} − {_n(lines.at(old))})"
        found: Array = lines.let(name, symbols, text, old + share * (now - old), key)
        return found

    squares = grad**2
    if grad.ndim > 1:
        rows = mixed("r", "row_var", "r + s·(mean of g² in the row − r)",
                     squares.mean(axis=-1, keepdims=True))  # fmt: skip
        columns = mixed("c", "col_var", "c + s·(mean of g² in the column − c)",
                        squares.mean(axis=-2, keepdims=True))  # fmt: skip
        mean = np.maximum(rows.mean(axis=-2, keepdims=True), least)
        text = f"{_n(lines.at(rows))} · {_n(lines.at(columns))} / {_n(lines.at(mean))}"
        variance = lines.let("v", "r·c / mean r", text, rows * columns / mean)
    else:
        variance = mixed("v", "variance", "v + s·(g² − v)", squares)
    root = np.sqrt(np.maximum(variance, least * least))
    text = f"{_n(lines.at(grad))} / √{_n(lines.at(variance))}"
    change = lines.let("u", "g / √v", text, grad / root)
    divisor = max(1.0, _rms(change) / d)
    text = f"{_n(lines.at(value))} − {_n(alpha)} · {_n(lines.at(change))} / {_n(divisor)}"
    after = value - alpha / divisor * change
    lines.let("θ", "θ − α·u / max(1, RMS u / d)", text, after, "param")
    return lines.found


def muon(
    value: Array, grad: Array, hyper: Mapping[str, Any], state: Mapping[str, Any],
    place: Place, dtype: str,
) -> list[Written]:  # fmt: skip
    """Work Muon out: momentum, brought near to an orthogonal matrix by Newton–Schulz steps."""
    import numpy as np

    lines = Lines(place)
    lr, momentum = float(hyper.get("lr") or 0.0), float(hyper.get("momentum", 0.95))
    old = np.asarray(state.get("momentum_buffer", np.zeros(grad.shape)))
    text = f"{_n(lines.at(old))} + {1 - momentum:g} · ({_n(lines.at(grad))} − {_n(lines.at(old))})"
    buffer = lines.let(
        "b", "b + (1 − μ)·(g − b)", text, old + (1 - momentum) * (grad - old), "momentum_buffer"
    )
    change = buffer
    if hyper.get("nesterov", True):
        text = (
            f"{_n(lines.at(grad))} + {momentum:g} · ({_n(lines.at(buffer))} − {_n(lines.at(grad))})"
        )
        change = lines.let("u", "g + μ·(b − g)", text, grad + momentum * (buffer - grad))
    steps = int(hyper.get("ns_steps", 5))
    coefficients = tuple(hyper.get("ns_coefficients") or _COEFFICIENTS)
    found = orthogonalised(change, coefficients, steps, float(hyper.get("eps", 1e-7)))
    text = f"the element of u's matrix after {numbers.plural(steps, 'Newton–Schulz step')}"
    change = lines.let("O", "X ← aX + (bA + cA²)X, A = XXᵀ", text, found)
    rows, columns = value.shape
    if hyper.get("adjust_lr_fn") == "match_rms_adamw":
        text, rate = f"{lr:g} · 0.2 · √{max(rows, columns)}", 0.2 * math.sqrt(max(rows, columns))
    else:
        text, rate = f"{lr:g} · √max(1, {rows}/{columns})", math.sqrt(max(1, rows / columns))
    rate = lines.let("lr'", "lr for this shape", text, lr * rate)
    value = lines.decayed(value, lr, float(hyper.get("weight_decay", 0.1) or 0.0))
    text = f"{_n(lines.at(value))} − {_n(rate)} · {_n(lines.at(change))}"
    lines.let("θ", "θ − lr'·O", text, value - rate * change, "param")
    return lines.found


def orthogonalised(
    matrix: Array, coefficients: tuple[float, ...], steps: int, least: float
) -> Array:
    """Bring a matrix's singular values near to 1, rounding to bfloat16 as PyTorch does."""
    import numpy as np

    a, b, c = coefficients
    turned = matrix.shape[0] > matrix.shape[1]
    x = _coarse(matrix.T if turned else matrix)
    x = _coarse(x / max(float(_coarse(np.linalg.norm(x))), least))
    for _ in range(steps):
        gram = _coarse(x @ x.T)
        gram = _coarse(b * gram + c * (gram @ gram))
        x = _coarse(a * x + gram @ x)
    found: Array = (x.T if turned else x).astype(float)
    return found


def _coarse(x: Any) -> Array:
    """Round to the eight bits of precision that bfloat16 has, half to even."""
    import numpy as np

    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    found: Array = (rounded & np.uint32(0xFFFF0000)).view(np.float32)
    return found


WHOLE: Final[Mapping[str, Callable[..., list[Written]]]] = {"Adafactor": adafactor, "Muon": muon}
"""By the class of the optimizer."""

MOST: Final = 300_000
"""Of larger parameters the whole is not worked out again for one element."""
