"""RMSprop: the gradient divided by a running root mean square of itself."""

from __future__ import annotations

from typing import Any

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    Rule,
    advance,
    apply_rule,
    check_learning_rate,
    check_range,
    new_step,
    root,
    zeros_like,
)
from gradstep_engine.tensor import Tensor


def _rmsprop(w: Any, g: Any, s: Any, lr: Any, alpha: Any, rest: Any, eps: Any) -> Any:
    s *= alpha
    s += rest * (g * g)
    w -= lr * g / (root(s) + eps)
    return w, s


def _rmsprop_with_averages(
    w: Any,
    g: Any,
    s: Any,
    a: Any,
    b: Any,
    lr: Any,
    alpha: Any,
    rest: Any,
    eps: Any,
    momentum: Any,
    centered: bool,
) -> Any:
    s *= alpha
    s += rest * (g * g)
    variance = s
    if centered:
        a += rest * (g - a)
        variance = s - a * a
    change = g / (root(variance) + eps)
    if momentum:
        b *= momentum
        b += change
        change = b
    w -= lr * change
    # Where there is no such state, s was given in its place and is returned there.
    return w, s, a if centered else s, b if momentum else s


class RMSprop(Parameterwise):
    """w ← w − lr g / (√s + eps), where s averages squared gradients.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        s ← alpha · s + (1 − alpha) · g²
        with `centered`:  a ← a + (1 − alpha) (g − a),  r = √(s − a²) + eps;  else r = √s + eps
        with momentum:  b ← momentum · b + g / r,  w ← w − lr · b;  else w ← w − lr · g / r

    State: `step`, `square_avg` (s), `momentum_buffer` (b), `grad_avg` (a). Source: Hinton's lecture
    6e (2012); centered as in Graves, 2013; PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        check_range("eps", eps, "epsilon")
        check_range("momentum", momentum)
        check_range("weight_decay", weight_decay)
        check_range("alpha", alpha)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "alpha": alpha,
                "eps": eps,
                "centered": centered,
                "weight_decay": weight_decay,
                "capturable": capturable,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        alpha, momentum, centered = group["alpha"], group["momentum"], group["centered"]
        decay, maximize = group["weight_decay"], group["maximize"]
        numbers: tuple[Any, ...] = (float(group["lr"]), alpha, 1 - alpha, group["eps"])
        rule: Rule = _rmsprop
        if centered or momentum > 0:
            numbers += (momentum, centered)
            rule = _rmsprop_with_averages
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = new_step()
                state["square_avg"] = zeros_like(parameter)
                if momentum > 0:
                    state["momentum_buffer"] = zeros_like(parameter)
                if centered:
                    state["grad_avg"] = zeros_like(parameter)
            advance(state)
            square = state["square_avg"]
            states: tuple[Tensor, ...] = (square,)
            if centered or momentum > 0:
                states += (
                    state["grad_avg"] if centered else square,
                    state["momentum_buffer"] if momentum > 0 else square,
                )
            apply_rule(rule, parameter, states, numbers, decay, maximize)
