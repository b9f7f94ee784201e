"""Functions of two arguments and more, element by element, and choices between them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.rule import ONE, Partial, Rule, elementwise, number

NONE: Final = Partial("grad_c = none: c only chooses", lambda c: 0.0, lambda c, at: "0")


def _compared(call: Call, sign: int, position: int) -> Array:
    """Return 1 where an argument was taken, ½ where both are equal, else 0."""
    import numpy as np

    a, b = call.array(0), call.array(1)
    left = np.where(a == b, 0.5, (sign * a > sign * b).astype(float))
    return left if position == 0 else 1 - left


def _first_of_equals(call: Call, sign: int, position: int) -> Array:
    import numpy as np

    a, b = call.array(0), call.array(1)
    left = ((sign * a >= sign * b) | np.isnan(b)).astype(float)
    return left if position == 0 else 1 - left


def _larger(
    name: str, sign: int, share: Callable[[Call, int, int], Array], tie: str = ""
) -> tuple[str, Rule]:
    word = "larger" if sign > 0 else "smaller"
    rest = f", {tie}" if tie else ""

    def partial(position: int, letter: str) -> Partial:
        def text(call: Call, at: Place) -> str:
            import numpy as np

            spread = np.broadcast_to(share(call, sign, position), call.incoming().shape)
            return f"{spread[at]:g}"

        return Partial(
            f"grad_{letter} = grad_out where {letter} is the {word}{rest}",
            lambda call: share(call, sign, position),
            text,
        )

    return name, elementwise(f"out = the {word} of a and b", partial(0, "a"), partial(1, "b"))


def _softly(call: Call, position: int, base: float) -> Array:
    """Return e^(x − out): the share that an argument has in the sum."""
    import numpy as np

    return np.power(base, call.array(position) - call.output())


def _log_sum(base: float, written: str) -> Rule:
    def partial(position: int, letter: str) -> Partial:
        return Partial(
            f"grad_{letter} = grad_out · {written}^({letter} − out)",
            lambda call: _softly(call, position, base),
            lambda call, at: f"{written}^({call.text(position, at)} − {number(call.output()[at])})",
        )

    return elementwise(f"out = log({written}^a + {written}^b)", partial(0, "a"), partial(1, "b"))


def _ratio(function: Callable[[Array, Array], Array]) -> Callable[[Call], Array]:
    return lambda call: function(call.array(0), call.array(1))


def _whole_part(call: Call) -> Array:
    """Return minus the whole number of times that b was taken from a."""
    import numpy as np

    return -np.round((call.array(0) - call.output()) / call.array(1))


def _xlogy(call: Call) -> Array:
    import numpy as np

    return np.log(call.array(1))


def _weight(call: Call) -> Array:
    import numpy as np

    return call.array(2) if len(call.arguments) > 2 else np.asarray(float(call.option("weight", 0)))


def _weight_text(call: Call, at: Place) -> str:
    import numpy as np

    return number(np.broadcast_to(_weight(call), call.incoming().shape)[at])


def _value(call: Call) -> float:
    return float(call.option("value", 1))


def _value_text(call: Call) -> str:
    return ONE if _value(call) == 1 else number(_value(call))


def _joined(call: Call, *factors: str) -> str:
    return " · ".join(factor for factor in (_value_text(call), *factors) if factor != ONE)


def _quotient(call: Call) -> Array:
    return -_value(call) * call.array(1) / call.array(2) ** 2


def _mask(call: Call) -> Array:
    return call.array(0) != 0


def _filled(call: Call) -> Array:
    return call.array(1) != 0


def _sign_of(call: Call) -> Array:
    """Return how copysign turned a: 1, −1, or 0 where a is 0."""
    import numpy as np

    a = call.array(0)
    with np.errstate(all="ignore"):
        return np.where(a == 0, 0.0, call.output() / a)


def _apart(call: Call) -> Array:
    return call.array(0) != call.array(1)


def _within(call: Call) -> Array:
    import numpy as np

    a = call.array(0)
    kept = np.ones(call.output().shape, bool)
    for position, sign in ((1, 1), (2, -1)):
        if position < len(call.arguments) and call.arguments[position] is not None:
            kept &= sign * (a - call.array(position)) >= 0
    return kept.astype(float)


def _outside(position: int, sign: int) -> Callable[[Call], Array]:
    def derivative(call: Call) -> Array:
        import numpy as np

        bound, a = call.array(position), call.array(0)
        other = 3 - position
        beyond = (sign * (bound - a) > 0).astype(float)
        if position == 1 and other < len(call.arguments) and call.arguments[other] is not None:
            beyond = beyond * (np.asarray(bound) < call.array(other))
        return beyond

    return derivative


def _spread(derivative: Callable[[Call], Array]) -> Callable[[Call, Place], str]:
    def text(call: Call, at: Place) -> str:
        import numpy as np

        found = np.broadcast_to(np.asarray(derivative(call), float), call.incoming().shape)
        return f"{found[at]:g}"

    return text


def _both(call: Call) -> Array:
    return call.array(0) ** 2 + call.array(1) ** 2


def _times(call: Call) -> str:
    if call.option("rounding") is None and call.option("rounding_mode") is None:
        raise Unknown("it does not round")
    return "0"


ROUNDED: Final = elementwise(
    "out = a / b, rounded",
    Partial("grad_a = 0: steps have no slope", lambda c: 0.0, lambda c, at: _times(c)),
    Partial("grad_b = 0: steps have no slope", lambda c: 0.0, lambda c, at: _times(c)),
)

RULES: Final[Mapping[str, Rule]] = dict(
    (
        _larger("Maximum", 1, _compared, "half of it where they are equal"),
        _larger("Minimum", -1, _compared, "half of it where they are equal"),
        _larger("Fmax", 1, _first_of_equals),
        _larger("Fmin", -1, _first_of_equals),
    )
) | {
    "Atan2": elementwise(
        "out = the angle of (b, a)",
        Partial(
            "grad_a = grad_out · b / (a² + b²)",
            lambda c: c.array(1) / _both(c),
            lambda c, at: f"{c.text(1, at)} / ({c.text(0, at)}² + {c.text(1, at)}²)",
        ),
        Partial(
            "grad_b = −grad_out · a / (a² + b²)",
            lambda c: -c.array(0) / _both(c),
            lambda c, at: f"(−{c.text(0, at)}) / ({c.text(0, at)}² + {c.text(1, at)}²)",
        ),
    ),
    "Hypot": elementwise(
        "out = √(a² + b²)",
        Partial(
            "grad_a = grad_out · a / out",
            lambda c: c.array(0) / c.output(),
            lambda c, at: f"{c.text(0, at)} / {number(c.output()[at])}",
        ),
        Partial(
            "grad_b = grad_out · b / out",
            lambda c: c.array(1) / c.output(),
            lambda c, at: f"{c.text(1, at)} / {number(c.output()[at])}",
        ),
    ),
    "Copysign": elementwise(
        "out = |a| with the sign of b",
        Partial("grad_a = grad_out · out / a", _sign_of, _spread(_sign_of)),
        Partial("grad_b = 0", lambda c: 0.0, lambda c, at: "0"),
    ),
    "Nextafter": elementwise(
        "out = the float after a, towards b",
        Partial("grad_a = grad_out, 0 where a = b", _apart, _spread(_apart)),
        Partial("grad_b = 0", lambda c: 0.0, lambda c, at: "0"),
    ),
    "Logaddexp": _log_sum(math.e, "e"),
    "Logaddexp2": _log_sum(2.0, "2"),
    "Xlogy": elementwise(
        "out = a · ln b",
        Partial("grad_a = grad_out · ln b", _xlogy, lambda c, at: f"ln {c.text(1, at)}"),
        Partial(
            "grad_b = grad_out · a / b",
            _ratio(lambda a, b: a / b),
            lambda c, at: f"{c.text(0, at)} / {c.text(1, at)}",
        ),
    ),
    **dict.fromkeys(
        ("Fmod", "Remainder"),
        elementwise(
            "out = a − n · b, what a division leaves",
            Partial("grad_a = grad_out", lambda c: 1.0, lambda c, at: ONE),
            Partial("grad_b = −grad_out · n", _whole_part, _spread(_whole_part)),
        ),
    ),
    "Lerp": elementwise(
        "out = a + w · (b − a)",
        Partial(
            "grad_a = grad_out · (1 − w)",
            lambda c: 1 - _weight(c),
            lambda c, at: f"(1 − {_weight_text(c, at)})",
        ),
        Partial("grad_b = grad_out · w", _weight, _weight_text),
        Partial(
            "grad_w = grad_out · (b − a)",
            lambda c: c.array(1) - c.array(0),
            lambda c, at: f"({c.text(1, at)} − {c.text(0, at)})",
        ),
    ),
    "Addcmul": elementwise(
        "out = a + v · b · c",
        Partial("grad_a = grad_out", lambda c: 1.0, lambda c, at: ONE),
        Partial(
            "grad_b = grad_out · v · c",
            lambda c: _value(c) * c.array(2),
            lambda c, at: _joined(c, c.text(2, at)),
        ),
        Partial(
            "grad_c = grad_out · v · b",
            lambda c: _value(c) * c.array(1),
            lambda c, at: _joined(c, c.text(1, at)),
        ),
    ),
    "Addcdiv": elementwise(
        "out = a + v · b / c",
        Partial("grad_a = grad_out", lambda c: 1.0, lambda c, at: ONE),
        Partial(
            "grad_b = grad_out · v / c",
            lambda c: _value(c) / c.array(2),
            lambda c, at: _joined(c, f"1/{c.text(2, at)}"),
        ),
        Partial(
            "grad_c = −grad_out · v · b / c²",
            _quotient,
            lambda c, at: _joined(c, f"(−{c.text(1, at)}/{c.text(2, at)}²)"),
        ),
    ),
    "Where": elementwise(
        "out = a where the condition holds, else b",
        NONE,
        Partial("grad_a = grad_out where the condition holds", _mask, _spread(_mask)),
        Partial(
            "grad_b = grad_out where it does not",
            lambda c: ~_mask(c),
            _spread(lambda c: ~_mask(c)),
        ),
    ),
    "MaskedFill": elementwise(
        "out = v where the mask holds, else a",
        Partial(
            "grad_a = grad_out where the mask does not hold",
            lambda c: ~_filled(c),
            _spread(lambda c: ~_filled(c)),
        ),
        NONE,
        Partial("grad_v = Σ of grad_out where the mask holds", _filled, _spread(_filled)),
    ),
}

CLAMPED: Final = elementwise(
    "out = a, kept within the bounds",
    Partial("grad_a = grad_out where a lies within the bounds", _within, _spread(_within)),
    Partial("grad_min = grad_out where a lies below it", _outside(1, 1), _spread(_outside(1, 1))),
    Partial("grad_max = grad_out where a lies above it", _outside(2, -1), _spread(_outside(2, -1))),
)
"""clamp whose bounds are tensors."""
