"""Rules that scale the gradient by one rate for all elements, or keep only its sign."""

from __future__ import annotations

from gradstep.updates.rule import Before, between, by_sign, gradient, subtract


def sgd(before: Before) -> None:
    """Work out SGD: momentum, dampening, Nesterov."""
    grad = gradient(before)
    momentum = before.number("momentum")
    if momentum:
        old = before.state.get("momentum_buffer")
        if old is None:
            buffer = before.let("b", "g, the first step", "{}", (grad,), grad, "momentum_buffer")
        else:
            damping = before.number("dampening")
            template = "{:h} · {:s} + (1 − {:h}) · {:s}" if damping else "{:h} · {:s} + {:s}"
            buffer = before.let(
                "b",
                "μ·b + (1−τ)·g" if damping else "μ·b + g",
                template,
                (momentum, old, damping, grad) if damping else (momentum, old, grad),
                momentum * old + (1 - damping) * grad,
                "momentum_buffer",
            )
        if before.hyper.get("nesterov"):
            operands = (grad, momentum, buffer)
            value = grad + momentum * buffer
            grad = before.let("d", "g + μ·b", "{} + {:h} · {:s}", operands, value)
        else:
            grad = buffer
    symbols = "θ − lr·" + ("g" if not momentum else "d" if before.hyper.get("nesterov") else "b")
    subtract(before, before.value, before.number("lr"), grad, symbols)


def asgd(before: Before) -> None:
    """Work out ASGD: a shrinking rate, and the average of the parameter beside it."""
    grad = gradient(before)
    rate, fade, steps = before.number("lr"), before.number("lambd", 1e-4), before.steps()
    alpha, start = before.number("alpha", 0.75), before.number("t0", 1e6)
    eta, share = before.state.get("eta", before.kept(rate)), before.state.get("mu", 1.0)
    value = before.value
    shrunk = before.let(
        "θ",
        "θ·(1 − λ·η)",
        "{} · (1 − {:h} · {:h})",
        (value, fade, eta),
        value * (1 - fade * eta),
    )
    after = subtract(before, shrunk, eta, grad, "θ − η·g")
    mean = before.state.get("ax", 0.0)
    template, moved = "{} + {:h} · ({} − {:s})", mean + share * (after - mean)
    before.let("a", "a + μ·(θ − a)", template, (mean, share, after, mean), moved, "ax")
    before.let(
        "η",
        "lr / (1 + λ·lr·t)^α",
        "{:h} / (1 + {:h} · {:h} · {:h})^{:h}",
        (rate, fade, rate, steps, alpha),
        rate / (1 + fade * rate * steps) ** alpha,
        "eta",
    )
    weight = 1 / max(1.0, steps - start)
    before.let("μ", "1 / max(1, t − t₀)", "1 / max(1, {:h} − {:h})", (steps, start), weight, "mu")


def rprop(before: Before) -> None:
    """Work out Rprop: the step of an element grows while its gradient keeps its sign."""
    grad = before.grad
    if before.hyper.get("maximize"):
        grad = before.let("g", "−grad", "−{:s}", (grad,), -grad)
    down, up = before.pair("etas", (0.5, 1.2))
    least, most = before.pair("step_sizes", (1e-6, 50.0))
    size = before.state.get("step_size", before.number("lr"))
    last = before.state.get("prev", 0.0)
    turned = before.let("s", "g·g′", "{} · {:s}", (grad, last), grad * last)
    factor = by_sign(turned, up, down, 1.0)
    size = before.let(
        "Δ",
        "Δ·η, within its bounds",
        "{} · {:h}, {:h} … {:h}",
        (size, factor, least, most),
        between(size * factor, least, most),
        "step_size",
    )
    # An element whose gradient turned rests for a step.
    grad = before.let(
        "g", "0 where it turned", "{}", (grad,), by_sign(turned, grad, 0.0 * grad, grad), "prev"
    )
    sign = by_sign(grad, 1.0, -1.0, 0.0)
    operands = (before.value, sign, size)
    value = before.value - by_sign(grad, size, -size, 0.0 * size)
    before.let("θ", "θ − sign(g)·Δ", "{} − {:h} · {}", operands, value, "param")
