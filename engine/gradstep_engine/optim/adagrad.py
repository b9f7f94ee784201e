"""Adagrad: a learning rate for each element, from the sum of its squared gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    advance,
    apply_rule,
    check_fused,
    check_learning_rate,
    check_range,
    new_step,
    root,
)
from gradstep_engine.tensor import Tensor, wrap


def _adagrad(w: Any, g: Any, s: Any, rate: Any, eps: Any) -> Any:
    s += g * g
    w -= rate * g / (root(s) + eps)
    return w, s


class Adagrad(Parameterwise):
    """w ← w − lr_t g / (√s + eps), where s sums squared gradients.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        s ← s + g²
        lr_t = lr / (1 + (t − 1) · lr_decay)
        w ← w − lr_t · g / (√s + eps)

    State: `step` (t), `sum` (s). Source: Duchi et al., 2011, and PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
        RuntimeError: `fused` is asked for together with what it excludes.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_learning_rate(lr)
        check_range("lr_decay", lr_decay)
        check_range("weight_decay", weight_decay)
        check_range("initial_accumulator_value", initial_accumulator_value)
        check_range("eps", eps, "epsilon")
        check_fused(fused, foreach, differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "lr_decay": lr_decay,
                "eps": eps,
                "weight_decay": weight_decay,
                "initial_accumulator_value": initial_accumulator_value,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "fused": fused,
            },
        )
        for group in self.param_groups:
            for parameter in group["params"]:
                self._begin(parameter, group)

    def _begin(self, parameter: Tensor, group: dict[str, Any]) -> dict[str, Any]:
        array = parameter._array
        state = self.state[parameter]
        state["step"] = new_step()
        state["sum"] = wrap(
            np.full(array.shape, group["initial_accumulator_value"], dtype=array.dtype)
        )
        return state

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, lr_decay, eps = float(group["lr"]), group["lr_decay"], group["eps"]
        decay, maximize = group["weight_decay"], group["maximize"]
        for parameter in parameters:
            state = self.state[parameter] or self._begin(parameter, group)
            numbers = (lr / (1 + (advance(state) - 1) * lr_decay), eps)
            apply_rule(_adagrad, parameter, (state["sum"],), numbers, decay, maximize)
