"""Results of activations: functions of pieces, gates, and smooth ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views import numbers
from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.results.elementwise import (
    SCALE,
    Work,
    one,
    option_of,
    sigmoid,
    softplus,
)
from gradstep.views.formulas.rule import Worked, number


def _gelu(call: Call, place: Place) -> Worked:
    a, out = call.at(0, place), float(call.output()[place])
    exact = a * (1 + math.erf(a / math.sqrt(2))) / 2
    near = a * (1 + math.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3))) / 2
    text = call.text(0, place)
    # The op does not say which of the two forms ran: its result does.
    if abs(out - near) < abs(out - exact):
        inner = f"√(2/π)·({text} + 0.0447·{text}³)"
        return Worked(f"½ · {text} · (1 + tanh({inner}))", near, abs(a))
    return Worked(f"{text} · Φ({text.strip('()')})", exact, abs(a))


def _pieces(parts: Callable[[Call, float], tuple[str, float]]) -> Work:
    """Work a function of pieces out: `parts` gives what the piece says, `{a}` for the argument."""

    def work(call: Call, place: Place) -> Worked:
        a = call.at(0, place)
        text, value = parts(call, a)
        return Worked(text.format(a=call.text(0, place)), value, abs(value) + SCALE * abs(a))

    return work


def _elu(call: Call, a: float) -> tuple[str, float]:
    scale, alpha = 1.0, option_of(call, "alpha", 1.0)
    inner = "{a}"
    if call.op.name.startswith("selu"):
        scale, alpha = 1.0507009873554805, 1.6732632423543772
    before = "" if scale == 1 else f"{number(scale)} · "
    if a > 0:
        return before + "{a}", scale * a
    divisor = alpha if call.op.name.startswith("celu") else 1.0
    if divisor != 1:
        inner = "({a}/" + numbers.hyper(divisor) + ")"
    factor = "" if alpha == 1 else f"{numbers.hyper(alpha)} · "
    return before + factor + f"(e^{inner} − 1)", scale * alpha * math.expm1(a / divisor)


def _leaky(call: Call, a: float) -> tuple[str, float]:
    slope = option_of(call, "negative_slope", 0.01)
    return ("{a}", a) if a > 0 else (f"{numbers.hyper(slope)} · {{a}}", slope * a)


def _rrelu(call: Call, a: float) -> tuple[str, float]:
    if a > 0:
        return "{a}", a
    text = str(call.options.get("noise", ""))
    slope = text.removeprefix("np.float64(").removesuffix(")")
    try:
        return "{a} · " + number(float(slope)), a * float(slope)
    except ValueError:
        raise Unknown("the slope that was drawn is not recorded") from None


def _kept(call: Call, a: float, low: float, high: float) -> tuple[str, float]:
    inside = f"{numbers.hyper(low)} … {numbers.hyper(high)}"
    return f"{{a}}, kept within {inside}", min(max(a, low), high)


def _hardtanh(call: Call, a: float) -> tuple[str, float]:
    return _kept(call, a, option_of(call, "min_val", -1.0), option_of(call, "max_val", 1.0))


def _hardshrink(call: Call, a: float) -> tuple[str, float]:
    limit = option_of(call, "lambd", 0.5)
    beyond = abs(a) > limit
    sign = ">" if beyond else "≤"
    return f"{'{a}' if beyond else '0'}: |{{a}}| {sign} {limit:g}", a if beyond else 0.0


def _softshrink(call: Call, a: float) -> tuple[str, float]:
    limit = option_of(call, "lambd", 0.5)
    if abs(a) <= limit:
        return f"0: |{{a}}| ≤ {limit:g}", 0.0
    return ("{a} − " if a > 0 else "{a} + ") + f"{limit:g}", a - math.copysign(limit, a)


def _threshold(call: Call, a: float) -> tuple[str, float]:
    limit, other = option_of(call, "threshold", 0.0), option_of(call, "value", 0.0)
    above = a > limit
    return (f"{{a}} > {limit:g}: {{a}}", a) if above else (
        f"{{a}} ≤ {limit:g}: {other:g}", other)  # fmt: skip


def _softplus(call: Call, a: float) -> tuple[str, float]:
    beta, limit = option_of(call, "beta", 1.0), option_of(call, "threshold", 20.0)
    if a * beta > limit:
        return f"{{a}}  (β·a > {limit:g})", a
    if beta == 1:
        return "ln(1 + e^{a})", softplus(a)
    return f"ln(1 + e^({beta:g} · {{a}})) / {beta:g}", softplus(beta * a) / beta


def _glu(call: Call, place: Place) -> Worked:
    a = call.array(0)
    axis = int(call.option("dim", -1)) % a.ndim
    half = a.shape[axis] // 2
    gate = float(a[tuple(at + half if d == axis else at for d, at in enumerate(place))])
    value = float(a[place])
    return Worked(f"{number(value)} · σ({number(gate)})", value * sigmoid(gate), abs(value))


WORKS: Final[Mapping[str, Work]] = {
    "gelu": _gelu,
    "glu": _glu,
    "silu": one("{a} · σ({a})", lambda a: a * sigmoid(a)),
    "mish": one("{a} · tanh(ln(1 + e^{a}))", lambda a: a * math.tanh(softplus(a))),
    "logsigmoid": one("ln σ({a})", lambda a: -softplus(-a)),
    "softsign": one("{a} / (1 + |{a}|)", lambda a: a / (1 + abs(a))),
    "tanhshrink": one("{a} − tanh {a}", lambda a: a - math.tanh(a)),
    "hardsigmoid": one("({a} + 3)/6, kept within 0 … 1", lambda a: min(max(a / 6 + 0.5, 0), 1)),
    "hardswish": one("{a} · (({a} + 3)/6, kept within 0 … 1)",
                     lambda a: a * min(max(a / 6 + 0.5, 0), 1)),
    "softplus": _pieces(_softplus),
    "hardtanh": _pieces(_hardtanh),
    "relu6": _pieces(_hardtanh),
    "leaky_relu": _pieces(_leaky),
    "rrelu": _pieces(_rrelu),
    "hardshrink": _pieces(_hardshrink),
    "softshrink": _pieces(_softshrink),
    "threshold": _pieces(_threshold),
    **dict.fromkeys(("elu", "selu", "celu"), _pieces(_elu)),
}  # fmt: skip
