"""NAdam: Adam that looks ahead along its momentum, as Nesterov's method does."""

from __future__ import annotations

from typing import Any

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    advance,
    apply_rule,
    check_betas,
    check_learning_rate,
    check_range,
    new_step,
    number_of,
    root,
    zeros_like,
)
from gradstep_engine.tensor import Tensor


def _nadam(
    w: Any,
    g: Any,
    m: Any,
    v: Any,
    now: Any,
    ahead: Any,
    rest1: Any,
    beta2: Any,
    rest2: Any,
    correction: Any,
    eps: Any,
    shrink: Any,
) -> Any:
    if shrink != 1:
        w *= shrink
    m += rest1 * (g - m)
    v *= beta2
    v += rest2 * (g * g)
    w -= (now * g + ahead * m) / (root(v / correction) + eps)
    return w, m, v


class NAdam(Parameterwise):
    """w ← w − lr m̄ / (√v̂ + eps), where m̄ mixes the gradient and the momentum of the next step.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        or with `decoupled_weight_decay`:  w ← w − lr · weight_decay · w
        μ_t = β₁ (1 − ½ · 0.96^(t · momentum_decay)),  P_t = μ₁ · … · μ_t
        m ← m + (1 − β₁) (g − m)
        v ← β₂ · v + (1 − β₂) · g²,  v̂ = v / (1 − β₂^t)
        m̄ = (1 − μ_t) / (1 − P_t) · g + μ_{t+1} / (1 − P_{t+1}) · m
        w ← w − lr · m̄ / (√v̂ + eps)

    State: `step` (t), `mu_product` (P), `exp_avg` (m), `exp_avg_sq` (v). Source: Dozat, 2016, and
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
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        check_range("eps", eps, "epsilon")
        check_betas(betas)
        check_range("weight_decay", weight_decay)
        check_range("momentum_decay", momentum_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "momentum_decay": momentum_decay,
                "decoupled_weight_decay": decoupled_weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, (beta1, beta2) = number_of(group["lr"]), group["betas"]
        slowness, decay = group["momentum_decay"], group["weight_decay"]
        shrink: float = 1
        if decay and group["decoupled_weight_decay"]:
            shrink, decay = 1 - lr * decay, 0
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = new_step()
                state["mu_product"] = new_step()
                state["mu_product"]._array.fill(1)
                state["exp_avg"] = zeros_like(parameter)
                state["exp_avg_sq"] = zeros_like(parameter)
            step = advance(state)
            mu = beta1 * (1 - 0.5 * 0.96 ** (step * slowness))
            mu_next = beta1 * (1 - 0.5 * 0.96 ** ((step + 1) * slowness))
            product = state["mu_product"]._array
            product *= mu
            numbers = (
                lr * (1 - mu) / (1 - product.item()),
                lr * mu_next / (1 - product.item() * mu_next),
                1 - beta1,
                beta2,
                1 - beta2,
                1 - beta2**step,
                group["eps"],
                shrink,
            )
            states = (state["exp_avg"], state["exp_avg_sq"])
            apply_rule(_nadam, parameter, states, numbers, decay, group["maximize"])
