"""Adadelta: steps in the parameter's own units, from running averages of steps and gradients."""

from __future__ import annotations

from typing import Any

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    advance,
    apply_rule,
    check_learning_rate,
    check_range,
    new_step,
    number_of,
    root,
    zeros_like,
)
from gradstep_engine.tensor import Tensor


def _adadelta(w: Any, g: Any, s: Any, u: Any, lr: Any, rho: Any, rest: Any, eps: Any) -> Any:
    s *= rho
    s += rest * (g * g)
    change = root(u + eps) / root(s + eps) * g
    u *= rho
    u += rest * (change * change)
    w -= lr * change
    return w, s, u


class Adadelta(Parameterwise):
    """w ← w − lr Δ, where Δ is g scaled by the ratio of running root mean squares.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        s ← rho · s + (1 − rho) · g²
        Δ = √(u + eps) / √(s + eps) · g
        u ← rho · u + (1 − rho) · Δ²
        w ← w − lr · Δ

    State: `step`, `square_avg` (s), `acc_delta` (u). Source: Zeiler, 2012, and PyTorch's
    documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_range("eps", eps, "epsilon")
        check_range("weight_decay", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "rho": rho,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "capturable": capturable,
                "foreach": foreach,
                "differentiable": differentiable,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        rho = group["rho"]
        numbers = (number_of(group["lr"]), rho, 1 - rho, group["eps"])
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = new_step()
                state["square_avg"] = zeros_like(parameter)
                state["acc_delta"] = zeros_like(parameter)
            advance(state)
            states = (state["square_avg"], state["acc_delta"])
            decay, maximize = group["weight_decay"], group["maximize"]
            apply_rule(_adadelta, parameter, states, numbers, decay, maximize)
