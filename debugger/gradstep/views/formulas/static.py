"""Derivatives of special functions, and of ops with a choice or a number drawn in forward."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas import special
from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import Partial, Rule, elementwise, number


def _each(function: Callable[[float], float], array: Array) -> Array:
    import numpy as np

    try:
        return np.vectorize(function, otypes=[float])(array)
    except (ValueError, OverflowError, ZeroDivisionError):
        raise Unknown("no finite number comes out") from None


def _rule(forward: str, factor: str, function: Callable[[float], float]) -> Rule:
    def slope(call: Call) -> Array:
        return _each(function, call.array(0))

    def text(call: Call, at: Place) -> str:
        return number(float(slope(call)[at]))

    return elementwise(forward, Partial(f"grad_a = grad_out · {factor}", slope, text))


def _sinc(x: float) -> float:
    if x == 0:
        return 0.0
    return (math.cos(math.pi * x) - special.sinc(x)) / x


def _erfinv(x: float) -> float:
    return math.sqrt(math.pi) / 2 * math.exp(special.erfinv(x) ** 2)


def _i1(x: float) -> float:
    return special.bessel(0, x) - (special.bessel(1, x) / x if x else 0.5)


def _i0e(x: float) -> float:
    scaled = math.exp(-abs(x))
    return scaled * (special.bessel(1, x) - math.copysign(1, x) * special.bessel(0, x))


def _i1e(x: float) -> float:
    return math.exp(-abs(x)) * (_i1(x) - math.copysign(1, x) * special.bessel(1, x))


def _order(call: Call) -> int:
    return int(call.option("n", 1))


def _polygamma(call: Call) -> Array:
    order = _order(call) + 1
    return _each(lambda x: special.polygamma(order, x), call.array(0))


def _gamma_density(call: Call) -> Array:
    import numpy as np

    shape, x = np.broadcast_arrays(call.array(0), call.array(1))
    gamma = _each(math.lgamma, shape)
    sign = -1.0 if call.op.name == "igammac" else 1.0
    found: Array = sign * np.exp((shape - 1) * np.log(x) - x - gamma)
    return found


def _of_second(forward: str) -> Rule:
    def text(call: Call, at: Place) -> str:
        return number(float(_gamma_density(call)[at]))

    def unknown(call: Call) -> Array:
        raise Unknown("torch has no derivative by a")

    return elementwise(
        forward,
        Partial("grad_a: torch has none", unknown, lambda c, at: ""),
        Partial("grad_x = grad_out · ±x^(a−1)·e^−x / Γ(a)", _gamma_density, text),
    )


def _prelu_slope(call: Call) -> Array:
    import numpy as np

    return np.where(call.array(0) > 0, 1.0, call.array(1))


def _prelu_below(call: Call) -> Array:
    import numpy as np

    return np.minimum(call.array(0), 0)


def _text_of(slope: Callable[[Call], Array]) -> Callable[[Call, Place], str]:
    def text(call: Call, at: Place) -> str:
        import numpy as np

        return number(float(np.broadcast_to(slope(call), call.incoming().shape)[at]))

    return text


def _ratio(call: Call) -> Array:
    """Give the slope that rrelu drew: its result shows it."""
    import numpy as np

    a, out = call.array(0), call.output()
    with np.errstate(all="ignore"):
        return np.where(a > 0, 1.0, np.where(a == 0, 0.0, out / a))


def _alpha_kept(call: Call) -> Array:
    import numpy as np

    a, out, p = call.array(0), call.output(), float(call.option("p", 0.5))
    low = -1.7580993408473766
    scale = ((1 - p) * (1 + p * low**2)) ** -0.5
    shift = -scale * low * p
    kept = np.abs(scale * a + shift - out) <= np.abs(scale * low + shift - out)
    return np.where(kept, scale, 0.0)


def _slope_rule(forward: str, symbols: str, slope: Callable[[Call], Array]) -> Rule:
    return elementwise(forward, Partial(f"grad_a = grad_out · {symbols}", slope, _text_of(slope)))


_ZERO: Final = Partial("grad_a = 0: what was drawn does not depend smoothly on it",
                       lambda c: 0.0, lambda c, at: "0")  # fmt: skip


DRAWN: Final = elementwise("out = a number drawn", _ZERO, _ZERO)

RULES: Final[Mapping[str, Rule]] = {
    "Lgamma": _rule("out = ln Γ(a)", "ψ(a)", special.digamma),
    "Digamma": _rule("out = ψ(a)", "ψ'(a)", lambda x: special.polygamma(1, x)),
    "Polygamma": _slope_rule("out = ψ⁽ⁿ⁾(a)", "ψ⁽ⁿ⁺¹⁾(a)", _polygamma),
    "Sinc": _rule("out = sin(πa) / (πa)", "(cos πa − out) / a", _sinc),
    "Erfinv": _rule("out = erfinv a", "√π/2 · e^(out²)", _erfinv),
    "I0": _rule("out = I₀(a)", "I₁(a)", lambda x: special.bessel(1, x)),
    "SpecialI1": _rule("out = I₁(a)", "(I₀(a) − out/a)", _i1),
    "SpecialI0E": _rule("out = I₀(a)·e^−|a|", "(I₁(a)·e^−|a| − sign a·out)", _i0e),
    "SpecialI1E": _rule("out = I₁(a)·e^−|a|", "(I₁'(a)·e^−|a| − sign a·out)", _i1e),
    "Igamma": _of_second("out = P(a, x)"),
    "Igammac": _of_second("out = 1 − P(a, x)"),
    "RreluWithNoise": _slope_rule("out = a if a > 0 else s·a, s drawn", "(1 or s)", _ratio),
    "PreluKernel": elementwise(
        "out = a if a > 0 else w·a",
        Partial("grad_a = grad_out · (1 if a > 0 else w)", _prelu_slope, _text_of(_prelu_slope)),
        Partial("grad_w = grad_out · min(a, 0)", _prelu_below, _text_of(_prelu_below)),
    ),
    **dict.fromkeys(("Normal", "Poisson", "Bernoulli", "Uniform"), DRAWN),
}

ALPHA_DROPOUT: Final = _slope_rule("out = s·a + t where kept, else a constant", "(s or 0)",
                                   _alpha_kept)  # fmt: skip
