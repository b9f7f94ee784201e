"""ASGD: gradient descent that also keeps the average of where it has been."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    advance,
    apply_rule,
    check_learning_rate,
    check_range,
    new_step,
    number_of,
    zeros_like,
)
from gradstep_engine.tensor import Tensor, wrap


def _asgd(w: Any, g: Any, a: Any, eta: Any, shrink: Any, mu: Any) -> Any:
    w *= shrink
    w -= eta * g
    a += mu * (w - a)
    return w, a


class ASGD(Parameterwise):
    """w ← (1 − λ η) w − η g, with the average of w from step t0 on in the state.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        w ← (1 − lambd · η) · w − η · g
        a ← a + μ (w − a)
        η ← lr / (1 + lambd · lr · t)^alpha
        μ ← 1 / max(1, t − t0)

    State: `step` (t), `eta` (η), `mu` (μ), `ax` (a). Source: Polyak and Juditsky, 1992, and
    PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        check_range("weight_decay", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "lambd": lambd,
                "alpha": alpha,
                "t0": t0,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, lambd = number_of(group["lr"]), group["lambd"]
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                state["step"] = new_step()
                kind = state["step"]._array.dtype
                state["eta"] = wrap(np.array(lr, dtype=kind))
                state["mu"] = wrap(np.ones((), dtype=kind))
                state["ax"] = zeros_like(parameter)
            step = advance(state)
            eta, mu = state["eta"]._array, state["mu"]._array
            numbers = (eta.item(), 1 - lambd * eta.item(), mu.item())
            decay, maximize = group["weight_decay"], group["maximize"]
            apply_rule(_asgd, parameter, (state["ax"],), numbers, decay, maximize)
            eta.fill(lr / (1 + lambd * lr * step) ** group["alpha"])
            mu.fill(1 / max(1, step - group["t0"]))
