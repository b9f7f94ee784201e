"""The update rules of the optimizers, worked out for one element, as PyTorch documents them.

Each rule is a function from the numbers before a step to the statements that lead to the new
parameter; the last statement is the parameter itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from gradstep.views import numbers
from gradstep.views.formulas.call import signed

_MINUS: Final = "−"


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of a rule: what it computes, in symbols and in numbers, and its value.

    `state` is torch's name of the state entry that it becomes, "" for none; the parameter's own
    statement has the name `param`.
    """

    name: str
    symbols: str
    text: str
    value: float
    state: str = ""


@dataclass(slots=True)
class Before:
    """One element before a step: value, gradient, hyper-parameters, state by torch's names."""

    value: float
    grad: float
    hyper: Mapping[str, Any]
    state: Mapping[str, float]
    statements: list[Statement] = field(default_factory=list)

    def number(self, name: str, default: float = 0.0) -> float:
        """Give a hyper-parameter."""
        found = self.hyper.get(name, default)
        return default if found is None else float(found)

    def let(self, name: str, symbols: str, text: str, value: float, state: str = "") -> float:
        """Write a statement down and give its value."""
        self.statements.append(Statement(name, symbols, text, value, state))
        return value


def work_out(name: str, before: Before) -> list[Statement] | None:
    """Work out an update; None for an optimizer whose rule is not known here."""
    rule = RULES.get(name)
    if rule is None:
        return None
    rule(before)
    return before.statements


def _n(value: float) -> str:
    return numbers.number(value)


def _s(value: float) -> str:
    return signed(numbers.number(value), value)


def _h(value: float) -> str:
    return signed(numbers.hyper(value), value)


def _gradient(before: Before, *, decay: bool = True) -> float:
    """Turn the sign for `maximize`, then add weight decay: both happen before anything else."""
    grad = before.grad
    if before.hyper.get("maximize"):
        grad = before.let("g", "−grad", f"{_MINUS}{_s(grad)}", -grad)
    rate = before.number("weight_decay")
    if decay and rate:
        text = f"{_n(grad)} + {_h(rate)} · {_s(before.value)}"
        grad = before.let("g", "g + wd·θ", text, grad + rate * before.value)
    return grad


def _subtract(before: Before, value: float, rate: float, change: float, symbols: str) -> None:
    text = f"{_n(value)} {_MINUS} {_h(rate)} · {_s(change)}"
    before.let("θ", symbols, text, value - rate * change, "param")


def _sgd(before: Before) -> None:
    grad = _gradient(before)
    momentum = before.number("momentum")
    if momentum:
        old = before.state.get("momentum_buffer")
        if old is None:
            buffer = before.let("b", "g, the first step", _n(grad), grad, "momentum_buffer")
        else:
            damping = before.number("dampening")
            share = f"(1 {_MINUS} {_h(damping)}) · {_s(grad)}" if damping else _s(grad)
            buffer = before.let(
                "b",
                "μ·b + (1−τ)·g" if damping else "μ·b + g",
                f"{_h(momentum)} · {_s(old)} + {share}",
                momentum * old + (1 - damping) * grad,
                "momentum_buffer",
            )
        if before.hyper.get("nesterov"):
            text = f"{_n(grad)} + {_h(momentum)} · {_s(buffer)}"
            grad = before.let("d", "g + μ·b", text, grad + momentum * buffer)
        else:
            grad = buffer
    symbols = "θ − lr·" + ("g" if not momentum else "d" if before.hyper.get("nesterov") else "b")
    _subtract(before, before.value, before.number("lr"), grad, symbols)


def _adam(before: Before, *, decoupled: bool = False) -> None:
    decoupled = decoupled or bool(before.hyper.get("decoupled_weight_decay"))
    grad = _gradient(before, decay=not decoupled)
    value, rate = before.value, before.number("lr")
    decay = before.number("weight_decay")
    if decoupled and decay:
        text = f"{_n(value)} · (1 {_MINUS} {_h(rate)} · {_h(decay)})"
        value = before.let("θ", "θ·(1 − lr·wd)", text, value * (1 - rate * decay))
    one, two = (float(beta) for beta in before.hyper.get("betas", (0.9, 0.999)))
    step = int(before.state.get("step", 0)) + 1
    mean, square = before.state.get("exp_avg", 0.0), before.state.get("exp_avg_sq", 0.0)
    mean = before.let(
        "m",
        "β₁·m + (1−β₁)·g",
        f"{_h(one)} · {_s(mean)} + {_h(round(1 - one, 12))} · {_s(grad)}",
        one * mean + (1 - one) * grad,
        "exp_avg",
    )
    square = before.let(
        "v",
        "β₂·v + (1−β₂)·g²",
        f"{_h(two)} · {_s(square)} + {_h(round(1 - two, 12))} · {_s(grad)}²",
        two * square + (1 - two) * grad**2,
        "exp_avg_sq",
    )
    mean_hat = before.let(
        "m^",
        "m / (1 − β₁^t)",
        f"{_n(mean)} / (1 {_MINUS} {_h(one)}^{step})",
        mean / (1 - one**step),
    )
    if before.hyper.get("amsgrad"):
        largest = max(before.state.get("max_exp_avg_sq", 0.0), square)
        text = f"max({_n(before.state.get('max_exp_avg_sq', 0.0))}, {_n(square)})"
        square = before.let("v", "max(v max, v)", text, largest, "max_exp_avg_sq")
    square_hat = before.let(
        "v^",
        "v / (1 − β₂^t)",
        f"{_n(square)} / (1 {_MINUS} {_h(two)}^{step})",
        square / (1 - two**step),
    )
    epsilon = before.number("eps", 1e-8)
    before.let(
        "θ",
        "θ − lr·m^ / (√v^ + ε)",
        f"{_n(value)} {_MINUS} {_h(rate)} · {_s(mean_hat)} / (√{_n(square_hat)} + {_h(epsilon)})",
        value - rate * mean_hat / (math.sqrt(square_hat) + epsilon),
        "param",
    )


def _rmsprop(before: Before) -> None:
    grad = _gradient(before)
    alpha, epsilon = before.number("alpha", 0.99), before.number("eps", 1e-8)
    old = before.state.get("square_avg", 0.0)
    square = before.let(
        "v",
        "α·v + (1−α)·g²",
        f"{_h(alpha)} · {_s(old)} + {_h(round(1 - alpha, 12))} · {_s(grad)}²",
        alpha * old + (1 - alpha) * grad**2,
        "square_avg",
    )
    if before.hyper.get("centered"):
        mean = before.state.get("grad_avg", 0.0)
        text = f"{_h(alpha)} · {_s(mean)} + {_h(round(1 - alpha, 12))} · {_s(grad)}"
        mean = before.let("m", "α·m + (1−α)·g", text, alpha * mean + (1 - alpha) * grad, "grad_avg")
        square = before.let("v", "v − m²", f"{_n(square)} {_MINUS} {_s(mean)}²", square - mean**2)
    size = math.sqrt(max(square, 0.0)) + epsilon
    rate, momentum = before.number("lr"), before.number("momentum")
    divided = f"{_s(grad)} / (√{_n(square)} + {_h(epsilon)})"
    if momentum:
        buffer = before.state.get("momentum_buffer", 0.0)
        buffer = before.let(
            "b",
            "μ·b + g / (√v + ε)",
            f"{_h(momentum)} · {_s(buffer)} + {divided}",
            momentum * buffer + grad / size,
            "momentum_buffer",
        )
        _subtract(before, before.value, rate, buffer, "θ − lr·b")
        return
    before.let(
        "θ",
        "θ − lr·g / (√v + ε)",
        f"{_n(before.value)} {_MINUS} {_h(rate)} · {divided}",
        before.value - rate * grad / size,
        "param",
    )


def _adagrad(before: Before) -> None:
    grad = _gradient(before)
    step = int(before.state.get("step", 0)) + 1
    rate, epsilon = before.number("lr"), before.number("eps", 1e-10)
    decay = before.number("lr_decay")
    if decay:
        text = f"{_h(rate)} / (1 + {step - 1} · {_h(decay)})"
        rate = before.let("lr", "lr / (1 + (t−1)·decay)", text, rate / (1 + (step - 1) * decay))
    old = before.state.get("sum", before.number("initial_accumulator_value"))
    total = before.let("s", "s + g²", f"{_n(old)} + {_s(grad)}²", old + grad**2, "sum")
    before.let(
        "θ",
        "θ − lr·g / (√s + ε)",
        f"{_n(before.value)} {_MINUS} {_h(rate)} · {_s(grad)} / (√{_n(total)} + {_h(epsilon)})",
        before.value - rate * grad / (math.sqrt(total) + epsilon),
        "param",
    )


def _adamw(before: Before) -> None:
    _adam(before, decoupled=True)


RULES: Final[Mapping[str, Callable[[Before], None]]] = {
    "SGD": _sgd,
    "Adam": _adam,
    "AdamW": _adamw,
    "RMSprop": _rmsprop,
    "Adagrad": _adagrad,
}
