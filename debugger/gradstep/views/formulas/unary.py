"""Functions of one argument, element by element: activations and elementary functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Partial, Rule, elementwise, number


def _of(name: str) -> Callable[[Call], Array]:
    def apply(call: Call) -> Array:
        import numpy as np

        return getattr(np, name)(call.array(0))

    return apply


def _out(call: Call, at: Place) -> str:
    return number(call.output()[at])


def _a(call: Call, at: Place) -> str:
    return call.text(0, at)


def _indicator(call: Call, at: Place) -> str:
    value = call.at(0, at)
    if value != value:
        return "1[not NaN ≤ 0]"  # as PyTorch has it: NaN lets the gradient through
    return (
        f"1[{_a(call, at).strip('()')} > 0]" if value > 0 else f"0[{_a(call, at).strip('()')} ≤ 0]"
    )


def _sign_text(call: Call, at: Place) -> str:
    return f"sign({_a(call, at).strip('()')})"


def _slope(call: Call) -> float:
    return float(call.option("negative_slope", 0.01))


def _leaky(call: Call) -> Array:
    import numpy as np

    return np.where(call.array(0) > 0, 1.0, _slope(call))


def _bounds(call: Call) -> tuple[float, float]:
    low, high = call.option("min"), call.option("max")
    if len(call.arguments) > 1:
        raise Unknown("the bounds are tensors")
    return (
        float("-inf") if low is None else float(low),
        float("inf") if high is None else float(high),
    )


def _clamp(call: Call) -> Array:
    low, high = _bounds(call)
    a = call.array(0)
    return ((a >= low) & (a <= high)).astype(float)


def _one(
    forward: str,
    factor: str,
    derivative: Callable[[Call], Array | float],
    text: Callable[[Call, Place], str],
) -> Rule:
    return elementwise(forward, Partial(f"grad_a = grad_out · {factor}", derivative, text))


def _logarithm(base: int) -> Rule:
    return _one(
        f"out = log{base} a",
        f"1/(a·ln {base})",
        lambda c: 1 / (c.array(0) * math.log(base)),
        lambda c, at: f"1/({_a(c, at)} · ln {base})",
    )


RULES: Final[Mapping[str, Rule]] = {
    "Relu": _one("out = max(a, 0)", "1[a > 0]", lambda c: ~(c.array(0) <= 0), _indicator),
    "LeakyRelu": _one(
        "out = a if a > 0 else s·a",
        "(1 if a > 0 else s)",
        _leaky,
        lambda c, at: "1" if c.at(0, at) > 0 else number(_slope(c)),
    ),
    "Sigmoid": _one(
        "out = 1 / (1 + e^−a)",
        "out · (1 − out)",
        lambda c: c.output() * (1 - c.output()),
        lambda c, at: f"{_out(c, at)} · (1 − {_out(c, at)})",
    ),
    "Tanh": _one(
        "out = tanh a",
        "(1 − out²)",
        lambda c: 1 - c.output() ** 2,
        lambda c, at: f"(1 − {_out(c, at)}²)",
    ),
    "Exp": _one("out = e^a", "out", lambda c: c.output(), _out),
    "Log": _one("out = ln a", "1/a", lambda c: 1 / c.array(0), lambda c, at: f"1/{_a(c, at)}"),
    "Sqrt": _one(
        "out = √a",
        "1/(2·out)",
        lambda c: 0.5 / c.output(),
        lambda c, at: f"1/(2·{_out(c, at)})",
    ),
    "Sin": _one("out = sin a", "cos a", _of("cos"), lambda c, at: f"cos {_a(c, at)}"),
    "Cos": _one(
        "out = cos a", "(−sin a)", lambda c: -_of("sin")(c), lambda c, at: f"(−sin {_a(c, at)})"
    ),
    "Abs": _one("out = |a|", "sign a", _of("sign"), _sign_text),
    "Clamp": _one(
        "out = a, kept within [min, max]",
        "1[min ≤ a ≤ max]",
        _clamp,
        lambda c, at: str(int(_clamp(c)[at])),
    ),
    "Log1P": _one(
        "out = ln(1 + a)",
        "1/(1 + a)",
        lambda c: 1 / (1 + c.array(0)),
        lambda c, at: f"1/(1 + {_a(c, at)})",
    ),
    "Log2": _logarithm(2),
    "Log10": _logarithm(10),
    "Expm1": _one(
        "out = e^a − 1", "(out + 1)", lambda c: c.output() + 1, lambda c, at: f"({_out(c, at)} + 1)"
    ),
    "Rsqrt": _one(
        "out = 1/√a",
        "(−½·out³)",
        lambda c: -0.5 * c.output() ** 3,
        lambda c, at: f"(−½ · {_out(c, at)}³)",
    ),
    "Reciprocal": _one(
        "out = 1/a", "(−out²)", lambda c: -(c.output() ** 2), lambda c, at: f"(−{_out(c, at)}²)"
    ),
    "Tan": _one(
        "out = tan a",
        "(1 + out²)",
        lambda c: 1 + c.output() ** 2,
        lambda c, at: f"(1 + {_out(c, at)}²)",
    ),
    "Atan": _one(
        "out = atan a",
        "1/(1 + a²)",
        lambda c: 1 / (1 + c.array(0) ** 2),
        lambda c, at: f"1/(1 + {_a(c, at)}²)",
    ),
    "Sinh": _one("out = sinh a", "cosh a", _of("cosh"), lambda c, at: f"cosh {_a(c, at)}"),
    "Cosh": _one("out = cosh a", "sinh a", _of("sinh"), lambda c, at: f"sinh {_a(c, at)}"),
    "Clone": elementwise("out = a", Partial("grad_a = grad_out", lambda c: 1.0, lambda c, at: "")),
}
