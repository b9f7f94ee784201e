"""Results element by element: arithmetic, functions, comparisons, choices."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views import numbers
from gradstep.views.formulas import special
from gradstep.views.formulas.arithmetic import exponent_of
from gradstep.views.formulas.call import Call, Place, Unknown
from gradstep.views.formulas.rule import Worked, number, product

Work = Callable[[Call, Place], Worked]

SCALE: Final = 0.05
"""What a function may have rounded inside, however small its result is."""


def one(text: str, function: Callable[[float], float]) -> Work:
    """Work a function of one argument out."""

    def work(call: Call, place: Place) -> Worked:
        a = call.at(0, place)
        value = value_of(function, a)
        return Worked(text.format(a=call.text(0, place)), value, abs(value) + SCALE * abs(a))

    return work


def two(text: str, function: Callable[[float, float], float]) -> Work:
    """Work a function of two arguments out."""

    def work(call: Call, place: Place) -> Worked:
        a, b = call.at(0, place), call.at(1, place)
        written = text.format(a=call.text(0, place), b=call.text(1, place))
        value = value_of(function, a, b)
        return Worked(written, value, abs(value) + SCALE * (abs(a) + abs(b)))

    return work


def value_of(function: Callable[..., float], *given: float) -> float:
    """Apply a function.

    Raises:
        Unknown: it has no finite value there.
    """
    try:
        return float(function(*given))
    except ZeroDivisionError:
        raise Unknown("a division by zero") from None
    except (ValueError, OverflowError):
        raise Unknown("no finite number comes out") from None


def optioned(text: Callable[[Call, str], str], function: Callable[[Call, float], float]) -> Work:
    """Work a function out that depends on the op's options; `text` gets the argument written."""

    def work(call: Call, place: Place) -> Worked:
        a = call.at(0, place)
        value = value_of(lambda given: function(call, given), a)
        return Worked(text(call, call.text(0, place)), value, abs(value) + SCALE * abs(a))

    return work


def option_of(call: Call, name: str, default: float) -> float:
    """Give a number that an op was called with."""
    found = call.option(name, default)
    return default if found is None else float(found)


def _plus(sign: int) -> Work:
    def work(call: Call, place: Place) -> Worked:
        a, b = call.at(0, place), call.at(1, place)
        left, right = call.text(0, place), call.text(1, place)
        alpha = float(call.option("alpha", 1))
        if alpha != 1:
            right = product(numbers.hyper(alpha), right)
        value = a + sign * alpha * b
        return Worked(f"{left} {'+' if sign > 0 else '−'} {right}", value, abs(a) + abs(alpha * b))

    return work


def _times(call: Call, place: Place) -> Worked:
    left, right = call.text(0, place), call.text(1, place)
    if isinstance(call.arguments[1], (int, float)):
        # As the user most often writes it: the plain number first.
        left, right = right, left
    value = call.at(0, place) * call.at(1, place)
    return Worked(product(left, right), value, abs(value))


def _over(call: Call, place: Place) -> Worked:
    a, b = call.at(0, place), call.at(1, place)
    if b == 0:
        raise Unknown("a division by zero")
    text = f"{call.text(0, place)} / {call.text(1, place)}"
    rounding = call.option("rounding_mode") or call.option("rounding")
    if rounding is None:
        return Worked(text, a / b, abs(a / b))
    value = math.trunc(a / b) if rounding == "trunc" else math.floor(a / b)
    if abs(a / b - round(a / b)) < 1e-6:
        # So near to a whole number, rounding in the script decides.
        value = call.output()[place]
    return Worked(f"{text}, rounded {'to 0' if rounding == 'trunc' else 'down'}", float(value), 1.0)


def _left_over(call: Call, place: Place) -> Worked:
    a, b = call.at(0, place), call.at(1, place)
    times = round((a - float(call.output()[place])) / b) if b else 0
    if not b:
        raise Unknown("a division by zero")
    whole = math.trunc(a / b) if call.op.name.startswith("fmod") else math.floor(a / b)
    times = times if abs(times - whole) <= 1 else whole
    text = f"{call.text(0, place)} − {number(float(times))} · {call.text(1, place)}"
    return Worked(text, a - times * b, abs(a) + abs(times * b))


def _power(call: Call, place: Place) -> Worked:
    base, exponent = call.at(0, place), exponent_of(call, place)
    if base == 0 and exponent < 0:
        raise Unknown("a division by zero")
    value = base**exponent
    if isinstance(value, complex):
        raise Unknown("a root of a negative number")
    written = numbers.hyper(exponent)
    return Worked(f"{call.text(0, place)}^{written}", value, abs(value))


def sigmoid(value: float) -> float:
    """Compute 1 / (1 + e^−x) without an overflow."""
    return 1 / (1 + math.exp(-value)) if value >= 0 else math.exp(value) / (1 + math.exp(value))


def softplus(value: float) -> float:
    """Compute ln(1 + e^x) without an overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def _clamp(call: Call, place: Place) -> Worked:
    a = value = call.at(0, place)
    texts = []
    for position, name, bound in ((1, "min", max), (2, "max", min)):
        given = len(call.arguments) > position and call.arguments[position] is not None
        option = call.option(name)
        if not given and option is None:
            continue
        limit = call.at(position, place) if given else float(option)
        value = bound(value, limit)
        texts.append(f"{name} {number(limit) if given else numbers.hyper(limit)}")
    return Worked(f"{call.text(0, place)}, kept within {' and '.join(texts)}", value, abs(a))


def _logit(call: Call, a: float) -> float:
    eps = call.option("eps")
    if eps is not None:
        a = min(max(a, float(eps)), 1 - float(eps))
    return math.log(a / (1 - a))


def _nan_to_num(call: Call, a: float) -> float:
    if math.isnan(a):
        return option_of(call, "nan", 0.0)
    if math.isinf(a):
        raise Unknown("an infinity becomes the largest number of its type")
    return a


def _comparison(sign: str, function: Callable[[float, float], bool]) -> Work:
    return two(f"{{a}} {sign} {{b}}", lambda a, b: float(function(a, b)))


def _where(call: Call, place: Place) -> Worked:
    holds = bool(call.at(0, place))
    position = 1 if holds else 2
    word = "holds: a" if holds else "does not hold: b"
    text = f"the condition {word} {call.text(position, place)}"
    value = call.at(position, place)
    return Worked(text, value, abs(value))


def _masked_fill(call: Call, place: Place) -> Worked:
    hit = bool(call.at(1, place))
    position = 2 if hit else 0
    text = "the mask holds: v" if hit else "the mask does not hold: a"
    value = call.at(position, place)
    return Worked(f"{text} {call.text(position, place)}", value, abs(value))


def _lerp(call: Call, place: Place) -> Worked:
    a, b, w = (call.at(i, place) for i in range(3))
    first, second, rate = (call.text(i, place) for i in range(3))
    text = f"{first} + {rate} · ({second} − {first})"
    return Worked(text, a + w * (b - a), abs(a) + abs(w) * (abs(a) + abs(b)))


def _with_product(sign: str) -> Work:
    """Work addcmul or addcdiv out."""

    def work(call: Call, place: Place) -> Worked:
        a, b, c = (call.at(i, place) for i in range(3))
        first, second, third = (call.text(i, place) for i in range(3))
        factor = option_of(call, "value", 1.0)
        before = "" if factor == 1 else f"{numbers.hyper(factor)} · "
        if sign == "/" and c == 0:
            raise Unknown("a division by zero")
        rest = factor * (b * c if sign == "·" else b / c)
        return Worked(f"{first} + {before}{second} {sign} {third}", a + rest, abs(a) + abs(rest))

    return work


def _nextafter(call: Call, place: Place) -> Worked:
    import numpy as np

    a = call.at(0, place)
    away = float(call.output()[place]) - a
    text = f"the float after {call.text(0, place)}, towards {call.text(1, place)}"
    step = float(np.spacing(np.float32(abs(a) or 1e-38)))
    fine = (away > 0) == (call.at(1, place) > a) and abs(away) <= 2 * step
    return Worked(text, float(call.output()[place]) if fine else a, abs(a))


def _logaddexp(call: Call, place: Place) -> Worked:
    base, written = (2.0, "2") if call.op.name.endswith("2") else (math.e, "e")
    a, b = call.at(0, place), call.at(1, place)
    value = max(a, b) + math.log1p(base ** -abs(a - b)) / math.log(base)
    text = f"log({written}^{call.text(0, place)} + {written}^{call.text(1, place)})"
    return Worked(text, value, abs(a) + abs(b))


def _same(call: Call, place: Place) -> Worked:
    value = call.at(0, place)
    return Worked(call.text(0, place), value, abs(value))


def _rounded(call: Call, place: Place) -> Worked:
    """Rewrite a number in another type: what is lost is what that type cannot hold."""
    value, out = call.at(0, place), float(call.output()[place])
    kind = str(call.option("dtype", "")).removeprefix("dtype('").removesuffix("')")
    if "float" not in kind:
        value = float(bool(value)) if kind == "bool" else float(math.trunc(value))
    size = {"float16": 4e-3, "bfloat16": 3e-2}.get(kind, 0.0)
    if size and abs(value - out) <= size * abs(value):
        value = out
    return Worked(f"{number(call.at(0, place))} as {kind or 'another type'}", value, abs(value))


def _fractional(a: float) -> float:
    return a - math.trunc(a)


def _half_to_even(a: float) -> float:
    return float(round(a))


def _sign(a: float) -> float:
    return float((a > 0) - (a < 0))


WORKS: Final[Mapping[str, Work]] = {
    "add": _plus(1),
    "sub": _plus(-1),
    "rsub": _plus(-1),
    "mul": _times,
    "div": _over,
    "fmod": _left_over,
    "remainder": _left_over,
    "pow": _power,
    "neg": one("−{a}", operator.neg),
    "relu": one("max({a}, 0)", lambda a: max(a, 0.0)),
    "sigmoid": one("1 / (1 + e^−{a})", sigmoid),
    "tanh": one("tanh {a}", math.tanh),
    "exp": one("e^{a}", math.exp),
    "exp2": one("2^{a}", lambda a: 2.0**a),
    "expm1": one("e^{a} − 1", math.expm1),
    "sqrt": one("√{a}", math.sqrt),
    "rsqrt": one("1/√{a}", lambda a: 1 / math.sqrt(a)),
    "reciprocal": one("1/{a}", lambda a: 1 / a),
    "square": one("{a}²", lambda a: a * a),
    "log": one("ln {a}", math.log),
    "log2": one("log2 {a}", math.log2),
    "log10": one("log10 {a}", math.log10),
    "log1p": one("ln(1 + {a})", math.log1p),
    **{
        name: one(f"{name} {{a}}", getattr(math, name))
        for name in (
            *("sin", "cos", "tan", "sinh", "cosh", "asin", "acos", "atan"),
            *("asinh", "acosh", "atanh", "erf", "lgamma"),
        )
    },
    "erfc": one("1 − erf {a}", math.erfc),
    "erfinv": one("erfinv {a}", special.erfinv),
    "digamma": one("ψ({a})", special.digamma),
    "polygamma": optioned(
        lambda call, a: f"ψ⁽{call.option('n')}⁾({a})",
        lambda call, a: special.polygamma(int(call.option("n")), a),
    ),
    "sinc": one("sin(π·{a}) / (π·{a})", special.sinc),
    "i0": one("I₀({a})", lambda a: special.bessel(0, a)),
    "special_i1": one("I₁({a})", lambda a: special.bessel(1, a)),
    "special_i0e": one("I₀({a}) · e^−|{a}|", lambda a: special.bessel(0, a) * math.exp(-abs(a))),
    "special_i1e": one("I₁({a}) · e^−|{a}|", lambda a: special.bessel(1, a) * math.exp(-abs(a))),
    "special_entr": one("−{a} · ln {a}", lambda a: -a * math.log(a) if a else 0.0),
    "igamma": two("P({a}, {b})", special.lower_gamma),
    "igammac": two("1 − P({a}, {b})", lambda a, x: 1 - special.lower_gamma(a, x)),
    "deg2rad": one("{a} · π/180", math.radians),
    "rad2deg": one("{a} · 180/π", math.degrees),
    "abs": one("|{a}|", abs),
    "ceil": one("{a}, rounded up", math.ceil),
    "floor": one("{a}, rounded down", math.floor),
    "trunc": one("{a}, rounded towards 0", math.trunc),
    "round": one("{a}, rounded", _half_to_even),
    "frac": one("{a} without its whole part", _fractional),
    "sign": one("the sign of {a}", _sign),
    "sgn": one("the sign of {a}", _sign),
    "clone": _same,
    "to": _rounded,
    "nan_to_num": optioned(lambda call, a: a, _nan_to_num),
    "logit": optioned(lambda call, a: f"ln({a} / (1 − {a}))", _logit),
    "logical_not": one("not {a}", lambda a: float(not a)),
    "isnan": one("is {a} NaN", lambda a: float(math.isnan(a))),
    "isfinite": one("is {a} finite", lambda a: float(math.isfinite(a))),
    "isinf": one("is {a} infinite", lambda a: float(math.isinf(a))),
    "maximum": two("max({a}, {b})", max),
    "minimum": two("min({a}, {b})", min),
    "fmax": two("max({a}, {b})", max),
    "fmin": two("min({a}, {b})", min),
    "atan2": two("the angle of ({b}, {a})", math.atan2),
    "hypot": two("√({a}² + {b}²)", math.hypot),
    "copysign": two("|{a}| with the sign of {b}", math.copysign),
    "xlogy": two("{a} · ln {b}", lambda a, b: a * math.log(b) if a else 0.0),
    "nextafter": _nextafter,
    "logaddexp": _logaddexp,
    "logaddexp2": _logaddexp,
    "gt": _comparison(">", operator.gt),
    "ge": _comparison("≥", operator.ge),
    "lt": _comparison("<", operator.lt),
    "le": _comparison("≤", operator.le),
    "eq": _comparison("=", operator.eq),
    "ne": _comparison("≠", operator.ne),
    "where": _where,
    "clamp": _clamp,
    "masked_fill": _masked_fill,
    "lerp": _lerp,
    "addcmul": _with_product("·"),
    "addcdiv": _with_product("/"),
}  # fmt: skip
