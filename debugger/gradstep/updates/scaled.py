"""Rules that divide each element of the gradient by a measure of its past."""

from __future__ import annotations

from gradstep.updates.rule import (
    Before,
    average,
    average_of_squares,
    gradient,
    root,
    subtract,
)


def rmsprop(before: Before) -> None:
    """Work out RMSprop: centered, with momentum."""
    grad = gradient(before)
    alpha, epsilon = before.number("alpha", 0.99), before.number("eps", 1e-8)
    square = average_of_squares(before, "v", "square_avg", alpha, grad, "α")
    if before.hyper.get("centered"):
        mean = average(before, "m", "grad_avg", alpha, grad, "α")
        square = before.let("v", "v − m²", "{} − {:s}²", (square, mean), square - mean * mean)
    size = root(square) + epsilon
    rate, momentum, value = before.number("lr"), before.number("momentum"), before.value
    if momentum:
        old = before.state.get("momentum_buffer", 0.0)
        buffer = before.let(
            "b",
            "μ·b + g / (√v + ε)",
            "{:h} · {:s} + {:s} / (√{} + {:h})",
            (momentum, old, grad, square, epsilon),
            momentum * old + grad / size,
            "momentum_buffer",
        )
        subtract(before, value, rate, buffer, "θ − lr·b")
        return
    before.let(
        "θ",
        "θ − lr·g / (√v + ε)",
        "{} − {:h} · {:s} / (√{} + {:h})",
        (value, rate, grad, square, epsilon),
        value - rate * grad / size,
        "param",
    )


def adagrad(before: Before) -> None:
    """Work out Adagrad."""
    grad, steps = gradient(before), before.steps()
    rate, epsilon = before.number("lr"), before.number("eps", 1e-10)
    decay = before.number("lr_decay")
    if decay:
        operands = (rate, steps - 1, decay)
        rate = before.let(
            "lr",
            "lr / (1 + (t−1)·decay)",
            "{:h} / (1 + {:h} · {:h})",
            operands,
            rate / (1 + (steps - 1) * decay),
        )
    old = before.state.get("sum", before.number("initial_accumulator_value"))
    total = before.let("s", "s + g²", "{} + {:s}²", (old, grad), old + grad * grad, "sum")
    before.let(
        "θ",
        "θ − lr·g / (√s + ε)",
        "{} − {:h} · {:s} / (√{} + {:h})",
        (before.value, rate, grad, total, epsilon),
        before.value - rate * grad / (root(total) + epsilon),
        "param",
    )


def adadelta(before: Before) -> None:
    """Work out Adadelta."""
    grad = gradient(before)
    rho, epsilon = before.number("rho", 0.9), before.number("eps", 1e-6)
    square = average_of_squares(before, "v", "square_avg", rho, grad, "ρ")
    old = before.state.get("acc_delta", 0.0)
    change = before.let(
        "d",
        "√(u + ε) / √(v + ε) · g",
        "√({} + {:h}) / √({} + {:h}) · {:s}",
        (old, epsilon, square, epsilon, grad),
        root(old + epsilon) / root(square + epsilon) * grad,
    )
    before.let(
        "u",
        "ρ·u + (1−ρ)·d²",
        "{:h} · {:s} + {:h} · {:s}²",
        (rho, old, round(1 - rho, 12), change),
        rho * old + (1 - rho) * (change * change),
        "acc_delta",
    )
    subtract(before, before.value, before.number("lr", 1.0), change, "θ − lr·d")
