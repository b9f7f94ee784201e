"""Adam and its relatives: running averages of the gradient and of its size."""

from __future__ import annotations

import math

from gradstep.updates.rule import (
    Before,
    Quantity,
    average,
    average_of_squares,
    decoupled,
    gradient,
    larger,
    magnitude,
    root,
)

TRUSTED_LENGTH = 5.0
"""Below this many steps' worth of averaging RAdam does not divide by √v."""

BETAS = (0.9, 0.999)


def adam(before: Before) -> None:
    """Work out Adam: amsgrad, and weight decay through the gradient or decoupled."""
    _adam(before, is_decoupled=bool(before.hyper.get("decoupled_weight_decay")))


def adamw(before: Before) -> None:
    """Work out AdamW: Adam with decoupled weight decay."""
    _adam(before, is_decoupled=True)


def _adam(before: Before, *, is_decoupled: bool) -> None:
    grad = gradient(before, decay=not is_decoupled)
    value = decoupled(before) if is_decoupled else before.value
    one, two = before.pair("betas", BETAS)
    steps = before.steps()
    mean = average(before, "m", "exp_avg", one, grad, "β₁")
    square = average_of_squares(before, "v", "exp_avg_sq", two, grad, "β₂")
    mean_hat = _corrected(before, "m^", "m / (1 − β₁^t)", mean, one, steps)
    if before.hyper.get("amsgrad"):
        old = before.state.get("max_exp_avg_sq", 0.0)
        square = before.let(
            "v", "max(v max, v)", "max({}, {})", (old, square), larger(square, old),
            "max_exp_avg_sq",
        )  # fmt: skip
    square_hat = _corrected(before, "v^", "v / (1 − β₂^t)", square, two, steps)
    _divide(before, value, mean_hat, square_hat, "m^")


def adamax(before: Before) -> None:
    """Work out Adamax: the largest gradient of late in place of √v."""
    grad, value, steps = gradient(before), before.value, before.steps()
    one, two = before.pair("betas", BETAS)
    rate, epsilon = before.number("lr"), before.number("eps", 1e-8)
    mean = average(before, "m", "exp_avg", one, grad, "β₁")
    old = before.state.get("exp_inf", 0.0)
    top = before.let(
        "u",
        "max(β₂·u, |g| + ε)",
        "max({:h} · {}, |{}| + {:h})",
        (two, old, grad, epsilon),
        larger(magnitude(grad) + epsilon, two * old),
        "exp_inf",
    )
    mean_hat = _corrected(before, "m^", "m / (1 − β₁^t)", mean, one, steps)
    operands = (value, rate, mean_hat, top)
    after = value - rate * mean_hat / top
    before.let("θ", "θ − lr·m^ / u", "{} − {:h} · {:s} / {}", operands, after, "param")


def nadam(before: Before) -> None:
    """Work out NAdam: the momentum of the next step mixed with the gradient of this one."""
    is_decoupled = bool(before.hyper.get("decoupled_weight_decay"))
    grad = gradient(before, decay=not is_decoupled)
    value = decoupled(before) if is_decoupled else before.value
    one, two = before.pair("betas", BETAS)
    steps, slowness = before.steps(), before.number("momentum_decay", 4e-3)
    mean = average(before, "m", "exp_avg", one, grad, "β₁")
    square = average_of_squares(before, "v", "exp_avg_sq", two, grad, "β₂")
    square_hat = _corrected(before, "v^", "v / (1 − β₂^t)", square, two, steps)
    now, ahead = (one * (1 - 0.5 * 0.96 ** (at * slowness)) for at in (steps, steps + 1))
    symbols, template = "β₁·(1 − ½·0.96^(t·ψ))", "{:h} · (1 − 0.5 · 0.96^({:h} · {:h}))"
    before.let("μ", symbols, template, (one, steps, slowness), now)
    before.let("μ′", symbols.replace("t·", "(t+1)·"), template, (one, steps + 1, slowness), ahead)
    old = before.state.get("mu_product", 1.0)
    product = before.let("P", "P·μ", "{} · {}", (old, now), before.kept(old * now), "mu_product")
    mixed = before.let(
        "m^",
        "(1−μ)/(1−P)·g + μ′/(1−P·μ′)·m",
        "(1 − {})/(1 − {}) · {:s} + {}/(1 − {} · {}) · {:s}",
        (now, product, grad, ahead, product, ahead, mean),
        (1 - now) / (1 - product) * grad + ahead / (1 - product * ahead) * mean,
    )
    _divide(before, value, mixed, square_hat, "m^")


def radam(before: Before) -> None:
    """Work out RAdam: √v is divided by only once it is averaged over enough steps."""
    is_decoupled = bool(before.hyper.get("decoupled_weight_decay"))
    grad = gradient(before, decay=not is_decoupled)
    value = decoupled(before) if is_decoupled else before.value
    one, two = before.pair("betas", BETAS)
    steps, rate, epsilon = before.steps(), before.number("lr"), before.number("eps", 1e-8)
    mean = average(before, "m", "exp_avg", one, grad, "β₁")
    square = average_of_squares(before, "v", "exp_avg_sq", two, grad, "β₂")
    mean_hat = _corrected(before, "m^", "m / (1 − β₁^t)", mean, one, steps)
    correction, longest = 1 - two**steps, 2 / (1 - two) - 1
    length = before.let(
        "ρ",
        "ρ∞ − 2t·β₂^t / (1 − β₂^t)",
        "{} − 2 · {:h} · {:h}^{:h} / (1 − {:h}^{:h})",
        (longest, steps, two, steps, two, steps),
        longest - 2 * steps * two**steps / correction,
    )
    if length <= TRUSTED_LENGTH:
        operands = (value, rate, mean_hat)
        after = value - rate * mean_hat
        before.let("θ", "θ − lr·m^, as ρ ≤ 5", "{} − {:h} · {:s}", operands, after, "param")
        return
    ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    trust = before.let(
        "r",
        "√((ρ−4)(ρ−2)ρ∞ (1−β₂^t) / ((ρ∞−4)(ρ∞−2)ρ))",
        "√({} · {})",
        (ratio, correction),
        math.sqrt(ratio * correction),
    )
    before.let(
        "θ",
        "θ − lr·m^·r / (√v + ε)",
        "{} − {:h} · {:s} · {} / (√{} + {:h})",
        (value, rate, mean_hat, trust, square, epsilon),
        value - rate * mean_hat * trust / (root(square) + epsilon),
        "param",
    )


def _corrected(
    before: Before, name: str, symbols: str, value: Quantity, rate: float, steps: int
) -> Quantity:
    """Undo the pull of an average towards the zero that it began with."""
    corrected = value / (1 - rate**steps)
    return before.let(name, symbols, "{} / (1 − {:h}^{:h})", (value, rate, steps), corrected)


def _divide(before: Before, value: Quantity, mean: Quantity, square: Quantity, symbol: str) -> None:
    rate, epsilon = before.number("lr"), before.number("eps", 1e-8)
    before.let(
        "θ",
        f"θ − lr·{symbol} / (√v^ + ε)",
        "{} − {:h} · {:s} / (√{} + {:h})",
        (value, rate, mean, square, epsilon),
        value - rate * mean / (root(square) + epsilon),
        "param",
    )
