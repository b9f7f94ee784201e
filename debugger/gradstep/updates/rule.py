"""The words in which update rules are written: they hold for one element and for whole arrays.

A rule reads a `Before` and says with `let` what it computes, statement by statement. The operands
are numpy's, or `Rounded`, which carries along how far rounding may have taken a result.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# A number, an array, or a Rounded.
Quantity = Any


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of a rule: what it computes, in symbols and in numbers, and its value.

    `template` takes `operands`: `{}` is a number, `{:s}` one that stands behind an operator,
    `{:h}` a hyper-parameter there. `state` is torch's name of the state entry that it becomes, ""
    for none; the parameter's own last statement has the name `param`.
    """

    name: str
    symbols: str
    template: str
    operands: tuple[Quantity, ...]
    value: Quantity
    state: str = ""


def _as_it_is(number: Quantity) -> Quantity:
    return number


@dataclass(slots=True)
class Before:
    """What a step begins with: value, gradient, hyper-parameters, state by torch's names.

    `kept` is told of single numbers that an optimizer keeps in a float32 of their own.
    """

    value: Quantity
    grad: Quantity
    hyper: Mapping[str, Any]
    state: Mapping[str, Quantity]
    statements: list[Statement] = field(default_factory=list)
    kept: Callable[[Quantity], Quantity] = _as_it_is

    def number(self, name: str, default: float = 0.0) -> float:
        """Give a hyper-parameter."""
        found = self.hyper.get(name, default)
        return default if found is None else float(found)

    def pair(self, name: str, default: tuple[float, float]) -> tuple[float, float]:
        """Give a hyper-parameter of two numbers, such as betas."""
        one, two = self.hyper.get(name) or default
        return float(one), float(two)

    def steps(self) -> int:
        """Give the number of the step to come, from 1."""
        return int(float(self.state.get("step", 0))) + 1

    def let(
        self,
        name: str,
        symbols: str,
        template: str,
        operands: tuple[Quantity, ...],
        value: Quantity,
        state: str = "",
    ) -> Quantity:
        """Write a statement down and give its value."""
        self.statements.append(Statement(name, symbols, template, operands, value, state))
        return value


Rule = Callable[[Before], None]


def result_of(statements: list[Statement]) -> Quantity:
    """Give the new parameter."""
    return next(s.value for s in reversed(statements) if s.state == "param")


def root(x: Quantity) -> Quantity:
    """Give √x; of a negative number NaN."""
    import numpy as np

    return x.root() if hasattr(x, "root") else np.sqrt(x)


def magnitude(x: Quantity) -> Quantity:
    """Give |x|."""
    return abs(x)


def larger(x: Quantity, y: Quantity) -> Quantity:
    """Give the larger of two, element by element."""
    import numpy as np

    return x.larger(y) if hasattr(x, "larger") else np.maximum(x, y)


def between(x: Quantity, least: float, most: float) -> Quantity:
    """Give x, or the bound that it is beyond."""
    import numpy as np

    return x.between(least, most) if hasattr(x, "between") else np.clip(x, least, most)


def by_sign(x: Quantity, plus: Quantity, minus: Quantity, zero: Quantity) -> Quantity:
    """Give `plus` where x > 0, `minus` where x < 0, else `zero`."""
    import numpy as np

    if hasattr(x, "by_sign"):
        return x.by_sign(plus, minus, zero)
    return np.where(x > 0, plus, np.where(x < 0, minus, zero))


def gradient(before: Before, *, decay: bool = True) -> Quantity:
    """Turn the sign for `maximize`, then add weight decay: both happen before anything else."""
    grad = before.grad
    if before.hyper.get("maximize"):
        grad = before.let("g", "−grad", "−{:s}", (grad,), -grad)
    rate = before.number("weight_decay")
    if decay and rate:
        operands = (grad, rate, before.value)
        value = grad + rate * before.value
        grad = before.let("g", "g + wd·θ", "{} + {:h} · {:s}", operands, value)
    return grad


def decoupled(before: Before) -> Quantity:
    """Shrink the parameter itself by weight decay, where that is asked for."""
    value, rate, decay = before.value, before.number("lr"), before.number("weight_decay")
    if not decay:
        return value
    operands = (value, rate, decay)
    shrunk = value * (1 - rate * decay)
    return before.let("θ", "θ·(1 − lr·wd)", "{} · (1 − {:h} · {:h})", operands, shrunk)


def average(
    before: Before, name: str, state: str, rate: float, grad: Quantity, letter: str
) -> Quantity:
    """Move a running average towards the gradient."""
    old = before.state.get(state, 0.0)
    operands = (rate, old, round(1 - rate, 12), grad)
    symbols = f"{letter}·{name} + (1−{letter})·g"
    value = rate * old + (1 - rate) * grad
    return before.let(name, symbols, "{:h} · {:s} + {:h} · {:s}", operands, value, state)


def average_of_squares(
    before: Before, name: str, state: str, rate: float, grad: Quantity, letter: str
) -> Quantity:
    """Move a running average towards the square of the gradient."""
    old = before.state.get(state, 0.0)
    operands = (rate, old, round(1 - rate, 12), grad)
    symbols = f"{letter}·{name} + (1−{letter})·g²"
    value = rate * old + (1 - rate) * (grad * grad)
    return before.let(name, symbols, "{:h} · {:s} + {:h} · {:s}²", operands, value, state)


def subtract(
    before: Before, value: Quantity, rate: float, change: Quantity, symbols: str
) -> Quantity:
    """Take a step: the parameter less the rate times a direction."""
    operands = (value, rate, change)
    return before.let("θ", symbols, "{} − {:h} · {:s}", operands, value - rate * change, "param")
