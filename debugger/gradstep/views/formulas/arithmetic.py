"""add, sub, mul, div, neg, pow: with broadcasting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gradstep.views import numbers
from gradstep.views.formulas.call import Array, Call, Place
from gradstep.views.formulas.rule import ONE, Partial, Rule, elementwise, number


def _one(call: Call, at: Place) -> str:
    return ONE


def _exponent(call: Call) -> Array:
    import numpy as np

    if len(call.arguments) > 1:
        return call.array(1)
    return np.asarray(float(call.option("exponent")))


def _power(call: Call) -> Array:
    import numpy as np

    base, exponent = call.array(0), _exponent(call)
    # 0 · 0^-1 is 0 here: the derivative of a constant.
    with np.errstate(all="ignore"):
        return np.where(exponent == 0, 0.0, exponent * np.power(base, exponent - 1))


def exponent_of(call: Call, at: Place) -> float:
    """Give the exponent of a pow, which is an argument or an attribute."""
    return call.at(1, at) if len(call.arguments) > 1 else float(call.option("exponent", 0))


def _power_text(call: Call, at: Place) -> str:
    exponent = exponent_of(call, at)
    lower = exponent - 1
    base = call.text(0, at)
    head = numbers.hyper(exponent) if exponent >= 0 else f"({numbers.hyper(exponent)})"
    if lower == 1:
        return f"{head} · {base}"
    return f"{head} · {base}^{numbers.hyper(lower)}"


def _power_log(call: Call) -> Array:
    import numpy as np

    base = call.array(0)
    with np.errstate(all="ignore"):
        return np.where(base == 0, 0.0, call.output() * np.log(base))


def _alpha(call: Call) -> float:
    return float(call.option("alpha", 1))


def _alpha_text(call: Call, at: Place, sign: float = 1) -> str:
    value = sign * _alpha(call)
    return ONE if value == 1 else number(value) if value != -1 else "(−1)"


_SUB: Final = elementwise(
    "out = a − b",
    Partial("grad_a = grad_out", lambda c: 1.0, _one),
    Partial("grad_b = −grad_out", lambda c: -_alpha(c), lambda c, at: _alpha_text(c, at, -1)),
)

RULES: Final[Mapping[str, Rule]] = {
    "Sub": _SUB,
    "Rsub": _SUB,
    "Add": elementwise(
        "out = a + b",
        Partial("grad_a = grad_out", lambda c: 1.0, _one),
        Partial("grad_b = grad_out", _alpha, _alpha_text),
    ),
    "Mul": elementwise(
        "out = a · b",
        Partial("grad_a = grad_out · b", lambda c: c.array(1), lambda c, at: c.text(1, at)),
        Partial("grad_b = grad_out · a", lambda c: c.array(0), lambda c, at: c.text(0, at)),
    ),
    "Div": elementwise(
        "out = a / b",
        Partial(
            "grad_a = grad_out / b", lambda c: 1 / c.array(1), lambda c, at: f"1/{c.text(1, at)}"
        ),
        Partial(
            "grad_b = −grad_out · a / b²",
            lambda c: -c.array(0) / c.array(1) ** 2,
            lambda c, at: f"(−{c.text(0, at)}/{c.text(1, at)}²)",
        ),
    ),
    "Neg": elementwise(
        "out = −a", Partial("grad_a = −grad_out", lambda c: -1.0, lambda c, at: "(−1)")
    ),
    "Pow": elementwise(
        "out = a^n",
        Partial("grad_a = grad_out · n · a^(n−1)", _power, _power_text),
        Partial(
            "grad_n = grad_out · out · ln a",
            _power_log,
            lambda c, at: f"{number(c.output()[at])} · ln {c.text(0, at)}",
        ),
    ),
}
