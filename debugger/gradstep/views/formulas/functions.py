"""Further functions of one argument: inverse functions, steps, hard activations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from gradstep.views.formulas.call import Array, Call, Place
from gradstep.views.formulas.rule import Partial, Rule, elementwise, number


def _a(call: Call, at: Place) -> str:
    return call.text(0, at)


def _rule(
    forward: str,
    factor: str,
    derivative: Callable[[Call], Array | float],
    text: Callable[[Call, Place], str],
) -> Rule:
    symbols = f"grad_a = grad_out · {factor}" if factor else "grad_a = grad_out"
    return elementwise(forward, Partial(symbols, derivative, text))


def _root(inside: str, of: Callable[[Array], Array], sign: str = "") -> dict[str, Any]:
    """The derivative ±1/√(…) of an inverse function."""
    factor = -1.0 if sign else 1.0
    return {
        "factor": f"{sign}1/√({inside})",
        "derivative": lambda call: factor / of(call.array(0)) ** 0.5,
        "text": lambda call, at: f"{sign}1/√({inside.replace('a', _a(call, at))})",
    }


def _step(forward: str) -> Rule:
    return elementwise(
        forward, Partial("grad_a = 0: steps have no slope", lambda c: 0.0, lambda c, at: "0")
    )


def _piece(forward: str, factor: str, derivative: Callable[[Call], Array]) -> Rule:
    """A function of straight pieces: the number shown is the slope of the piece."""

    def text(call: Call, at: Place) -> str:
        return number(float(derivative(call)[at]))

    return _rule(forward, factor, derivative, text)


def _beyond(call: Call) -> Array:
    import numpy as np

    return (np.abs(call.array(0)) > float(call.option("lambd", 0.5))).astype(float)


def _above(call: Call) -> Array:
    return (call.array(0) > float(call.option("threshold", 0))).astype(float)


def _hard_sigmoid(call: Call) -> Array:
    a = call.array(0)
    return ((a > -3) & (a < 3)) / 6


def _hard_swish(call: Call) -> Array:
    import numpy as np

    a = call.array(0)
    return np.where(a <= -3, 0.0, np.where(a >= 3, 1.0, a / 3 + 0.5))


def _celu(call: Call) -> Array:
    import numpy as np

    a, alpha = call.array(0), float(call.option("alpha", 1))
    return np.where(a > 0, 1.0, np.exp(np.minimum(a, 0) / alpha))


def _celu_text(call: Call, at: Place) -> str:
    value, alpha = call.at(0, at), float(call.option("alpha", 1))
    return "1" if value > 0 else f"e^({number(value)}/{number(alpha)})"


def _finite(call: Call) -> Array:
    import numpy as np

    return np.isfinite(call.array(0)).astype(float)


def _logit(call: Call) -> Array:
    import numpy as np

    a, eps = call.array(0), call.option("eps")
    with np.errstate(all="ignore"):
        slope = 1 / (a * (1 - a))
    if eps is None:
        return slope
    return np.where((a >= float(eps)) & (a <= 1 - float(eps)), slope, 0.0)


def _entropy(call: Call) -> Array:
    import numpy as np

    with np.errstate(all="ignore"):
        return -np.log(call.array(0)) - 1


def _erf_factor(sign: float) -> Callable[[Call], Array]:
    def derivative(call: Call) -> Array:
        import numpy as np

        return sign * 2 / math.sqrt(math.pi) * np.exp(-(call.array(0) ** 2))

    return derivative


def _logit_text(call: Call, at: Place) -> str:
    return f"1/({_a(call, at)} · (1 − {_a(call, at)}))" if _logit(call)[at] else "0"


_LN2: Final = math.log(2)

RULES: Final[Mapping[str, Rule]] = {
    "Asin": _rule("out = asin a", **_root("1 − a²", lambda a: 1 - a**2)),
    "Acos": _rule("out = acos a", **_root("1 − a²", lambda a: 1 - a**2, "−")),
    "Asinh": _rule("out = asinh a", **_root("a² + 1", lambda a: a**2 + 1)),
    "Acosh": _rule("out = acosh a", **_root("a² − 1", lambda a: a**2 - 1)),
    "Atanh": _rule(
        "out = atanh a",
        "1/(1 − a²)",
        lambda c: 1 / (1 - c.array(0) ** 2),
        lambda c, at: f"1/(1 − {_a(c, at)}²)",
    ),
    "Exp2": _rule(
        "out = 2^a",
        "out · ln 2",
        lambda c: c.output() * _LN2,
        lambda c, at: f"{number(c.output()[at])} · ln 2",
    ),
    "Erfc": _rule(
        "out = 1 − erf a",
        "(−2/√π · e^(−a²))",
        _erf_factor(-1),
        lambda c, at: f"(−2/√π · e^(−{_a(c, at)}²))",
    ),
    "Logit": _rule("out = ln(a / (1 − a))", "1/(a · (1 − a))", _logit, _logit_text),
    "Deg2Rad": _rule("out = a · π/180", "π/180", lambda c: math.pi / 180, lambda c, at: "π/180"),
    "Rad2Deg": _rule("out = a · 180/π", "180/π", lambda c: 180 / math.pi, lambda c, at: "180/π"),
    "SpecialEntr": _rule(
        "out = −a · ln a", "(−ln a − 1)", _entropy, lambda c, at: f"(−ln {_a(c, at)} − 1)"
    ),
    "Frac": _rule("out = a without its whole part", "", lambda c: 1.0, lambda c, at: ""),
    "NanToNum": _piece("out = a, NaN and infinities replaced", "1[a is finite]", _finite),
    "Ceil": _step("out = a, rounded up"),
    "Floor": _step("out = a, rounded down"),
    "Round": _step("out = a, rounded"),
    "Trunc": _step("out = a, rounded towards 0"),
    "Sign": _step("out = the sign of a"),
    "Sgn": _step("out = the sign of a"),
    "Hardshrink": _piece("out = a beyond ±λ, else 0", "1[|a| > λ]", _beyond),
    "Softshrink": _piece("out = a moved to 0 by λ", "1[|a| > λ]", _beyond),
    "Threshold": _piece("out = a above the threshold, else a constant", "1[a > t]", _above),
    "Hardsigmoid": _piece("out = (a + 3)/6, within [0, 1]", "(1/6 within ±3)", _hard_sigmoid),
    "Hardswish": _piece("out = a · hardsigmoid a", "(a/3 + ½ within ±3)", _hard_swish),
    "Celu": _rule("out = a, or α·(e^(a/α) − 1) below 0", "(1 or e^(a/α))", _celu, _celu_text),
    "ToCopy": _rule("out = a, in another type", "", lambda c: 1.0, lambda c, at: ""),
}
