"""Activations that are more than a kink: GELU, SiLU, softplus, ELU, hardtanh and their kin."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Partial, Rule, elementwise, number

_SELU: Final = (1.0507009873554805, 1.6732632423543772)
"""Scale and alpha of Klambauer et al., Self-Normalizing Neural Networks (2017)."""

_TANH_GELU: Final = (math.sqrt(2 / math.pi), 0.044715)


def _sigmoid(call: Call) -> Array:
    import numpy as np

    a = call.array(0).astype(float)
    return np.exp(-np.logaddexp(0, -a))


def _erf(array: Array) -> Array:
    import numpy as np

    return np.vectorize(math.erf, otypes=[float])(array)


def _is_tanh_gelu(call: Call) -> bool:
    """Tell by its result which of the two forms ran: the op does not say."""
    import numpy as np

    a, out = call.array(0).astype(float), call.output().astype(float)
    scale, cubic = _TANH_GELU
    exact = a * (1 + _erf(a / math.sqrt(2))) / 2
    approximate = a * (1 + np.tanh(scale * (a + cubic * a**3))) / 2
    return bool(np.abs(out - approximate).sum() < np.abs(out - exact).sum())


def _gelu(call: Call) -> Array:
    import numpy as np

    a = call.array(0).astype(float)
    if not _is_tanh_gelu(call):
        density = np.exp(-(a**2) / 2) / math.sqrt(2 * math.pi)
        return (1 + _erf(a / math.sqrt(2))) / 2 + a * density
    scale, cubic = _TANH_GELU
    t = np.tanh(scale * (a + cubic * a**3))
    return (1 + t) / 2 + a / 2 * (1 - t**2) * scale * (1 + 3 * cubic * a**2)


def _gelu_text(call: Call, at: Place) -> str:
    a = call.text(0, at)
    if _is_tanh_gelu(call):
        return f"({number(_gelu(call)[at])}, the slope of the tanh form at {a})"
    return f"(Φ({a.strip('()')}) + {a} · φ({a.strip('()')}))"


def _silu(call: Call) -> Array:
    s = _sigmoid(call)
    return s * (1 + call.array(0) * (1 - s))


def _silu_text(call: Call, at: Place) -> str:
    s = number(_sigmoid(call)[at])
    return f"{s} · (1 + {call.text(0, at)} · (1 − {s}))"


def _softplus(call: Call) -> Array:
    import numpy as np

    a = call.array(0).astype(float) * float(call.option("beta", 1.0))
    linear = a > float(call.option("threshold", 20.0))
    return np.where(linear, 1.0, np.exp(-np.logaddexp(0, -a)))


def _elu(call: Call) -> Array:
    import numpy as np

    if call.op.name == "selu":
        scale, alpha = _SELU
    elif call.op.name == "elu":
        scale, alpha = 1.0, float(call.option("alpha", 1.0))
    else:
        raise Unknown(f"no formula for {call.op.name}")
    a = call.array(0).astype(float)
    return np.where(a > 0, scale, scale * alpha * np.exp(np.minimum(a, 0)))


def _mish(call: Call) -> Array:
    import numpy as np

    a = call.array(0).astype(float)
    t = np.tanh(np.logaddexp(0, a))
    return t + a * (1 - t**2) * _sigmoid(call)


def _hardtanh(call: Call) -> Array:
    a = call.array(0)
    low, high = float(call.option("min_val", -1.0)), float(call.option("max_val", 1.0))
    return ((a > low) & (a < high)).astype(float)


def _square_exp(call: Call) -> Array:
    import numpy as np

    return np.exp(-(call.array(0).astype(float) ** 2))


def _value(derivative: Callable[[Call], Array]) -> Callable[[Call, Place], str]:
    return lambda call, at: number(derivative(call)[at])


def _rule(
    forward: str,
    factor: str,
    derivative: Callable[[Call], Array],
    text: Callable[[Call, Place], str] | None = None,
) -> Rule:
    partial = Partial(f"grad_a = grad_out · {factor}", derivative, text or _value(derivative))
    return elementwise(forward, partial)


RULES: Final[Mapping[str, Rule]] = {
    "Gelu": _rule("out = a·Φ(a)", "(Φ(a) + a·φ(a))", _gelu, _gelu_text),
    "Silu": _rule("out = a·σ(a)", "σ(a)·(1 + a·(1 − σ(a)))", _silu, _silu_text),
    "Mish": _rule("out = a·t, t = tanh(ln(1 + e^a))", "(t + a·(1 − t²)·σ(a))", _mish),
    "Softplus": _rule("out = ln(1 + e^(βa)) / β", "σ(βa)", _softplus),
    "LogSigmoid": _rule(
        "out = ln σ(a)",
        "(1 − σ(a))",
        lambda c: 1 - _sigmoid(c),
        lambda c, at: f"(1 − {number(_sigmoid(c)[at])})",
    ),
    "Erf": _rule(
        "out = erf a", "2/√π · e^(−a²)", lambda c: 2 / math.sqrt(math.pi) * _square_exp(c)
    ),
    "Elu": _rule("out = s·a if a > 0 else s·α·(e^a − 1)", "(s if a > 0 else s·α·e^a)", _elu),
    "Hardtanh": _rule("out = a, kept within [min, max]", "1[min < a < max]", _hardtanh),
}
