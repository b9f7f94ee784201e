"""RAdam: Adam that trusts its root mean square only once enough gradients went into it."""

from __future__ import annotations

import math
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

TRUSTED_LENGTH = 5.0
"""The length of the average, ρ_t, from which on the step is divided by the root mean square."""


def _radam(
    w: Any,
    g: Any,
    m: Any,
    v: Any,
    rate: Any,
    rest1: Any,
    beta2: Any,
    rest2: Any,
    eps: Any,
    shrink: Any,
    is_trusted: bool,
) -> Any:
    if shrink != 1:
        w *= shrink
    m += rest1 * (g - m)
    v *= beta2
    v += rest2 * (g * g)
    w -= rate * m / (root(v) + eps) if is_trusted else rate * m
    return w, m, v


class RAdam(Parameterwise):
    """w ← w − lr m̂ r / (√v̂ + eps) if the variance of v is under control, else w ← w − lr m̂.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        or with `decoupled_weight_decay`:  w ← w − lr · weight_decay · w
        m ← m + (1 − β₁) (g − m),  m̂ = m / (1 − β₁^t)
        v ← β₂ · v + (1 − β₂) · g²
        ρ_∞ = 2 / (1 − β₂) − 1,  ρ_t = ρ_∞ − 2 t β₂^t / (1 − β₂^t)
        if ρ_t > 5:  r² = (ρ_t − 4) (ρ_t − 2) ρ_∞ / ((ρ_∞ − 4) (ρ_∞ − 2) ρ_t)
                     w ← w − lr · m̂ · r · √(1 − β₂^t) / (√v + eps)
        else:        w ← w − lr · m̂

    State: `step` (t), `exp_avg` (m), `exp_avg_sq` (v). Source: Liu et al., 2019, and PyTorch's
    documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
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
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "decoupled_weight_decay": decoupled_weight_decay,
                "differentiable": differentiable,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, (beta1, beta2) = number_of(group["lr"]), group["betas"]
        decay = group["weight_decay"]
        shrink: float = 1
        if decay and group["decoupled_weight_decay"]:
            shrink, decay = 1 - lr * decay, 0
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = new_step()
                state["exp_avg"] = zeros_like(parameter)
                state["exp_avg_sq"] = zeros_like(parameter)
            step = advance(state)
            rectification = _rectification(step, beta2)
            rate = lr / (1 - beta1**step) * (rectification or 1.0)
            is_trusted = rectification is not None
            numbers = (rate, 1 - beta1, beta2, 1 - beta2, group["eps"], shrink, is_trusted)
            states = (state["exp_avg"], state["exp_avg_sq"])
            apply_rule(_radam, parameter, states, numbers, decay, group["maximize"])


def _rectification(step: int, beta2: float) -> float | None:
    """Return r √(1 − β₂^t) of the class's formula, or None while v is not to be trusted."""
    correction = 1 - beta2**step
    longest = 2 / (1 - beta2) - 1
    length = longest - 2 * step * beta2**step / correction
    if length <= TRUSTED_LENGTH:
        return None
    ratio = (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
    return math.sqrt(ratio * correction)
