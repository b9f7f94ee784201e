"""Adamax: Adam with the largest gradient in place of the root mean square."""

from __future__ import annotations

from typing import Any

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    advance,
    apply_rule,
    check_betas,
    check_learning_rate,
    check_range,
    larger,
    new_step,
    number_of,
    zeros_like,
)
from gradstep_engine.tensor import Tensor


def _adamax(w: Any, g: Any, m: Any, u: Any, rate: Any, rest1: Any, beta2: Any, eps: Any) -> Any:
    m += rest1 * (g - m)
    u *= beta2
    u = larger(u, abs(g) + eps)
    w -= rate * m / u
    return w, m, u


class Adamax(Parameterwise):
    """w ← w − lr m̂ / u, where u is a fading maximum of |g|.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        m ← m + (1 − β₁) (g − m)
        u ← max(β₂ · u, |g| + eps)
        w ← w − lr / (1 − β₁^t) · m / u

    State: `step` (t), `exp_avg` (m), `exp_inf` (u). Source: Kingma and Ba, 2014, section 7.1, and
    PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        check_range("eps", eps, "epsilon")
        check_betas(betas)
        check_range("weight_decay", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, (beta1, beta2) = number_of(group["lr"]), group["betas"]
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = new_step()
                state["exp_avg"] = zeros_like(parameter)
                state["exp_inf"] = zeros_like(parameter)
            rate = lr / (1 - beta1 ** advance(state))
            states = (state["exp_avg"], state["exp_inf"])
            numbers = (rate, 1 - beta1, beta2, group["eps"])
            decay, maximize = group["weight_decay"], group["maximize"]
            apply_rule(_adamax, parameter, states, numbers, decay, maximize)
