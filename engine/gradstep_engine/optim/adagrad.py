"""Adagrad: a learning rate for each element, from the sum of its squared gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    check_learning_rate,
    check_range,
    new_step,
)
from gradstep_engine.tensor import Tensor, wrap


class Adagrad(Parameterwise):
    """w ← w − lr_t g / (√s + eps), where s sums squared gradients.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        s ← s + g²
        lr_t = lr / (1 + (t − 1) · lr_decay)
        w ← w − lr_t · g / (√s + eps)

    State: `step` (t), `sum` (s). Source: Duchi et al., 2011, and PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-2,
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

    def update(self, parameter: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        """Change one parameter; see the class."""
        state = self.state[parameter] or self._begin(parameter, group)
        step = self._advance(state)
        rate = float(group["lr"]) / (1 + (step - 1) * group["lr_decay"])
        weight_decay, eps = group["weight_decay"], group["eps"]
        total = state["sum"]._writable()
        for w, g, s, d, term in self.blocks(2, parameter._writable(), grad._array, total):
            gradient = g
            if group["maximize"]:
                gradient = np.negative(gradient, out=d)
            if weight_decay:
                np.multiply(w, weight_decay, out=term)
                gradient = np.add(gradient, term, out=d)
            np.multiply(gradient, gradient, out=term)
            np.add(s, term, out=s)
            np.sqrt(s, out=term)
            np.add(term, eps, out=term)
            np.divide(gradient, term, out=term)
            np.multiply(term, rate, out=term)
            np.subtract(w, term, out=w)
