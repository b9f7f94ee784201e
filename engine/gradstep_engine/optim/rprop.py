"""Rprop: only the gradient's sign counts; each element has its own step size."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    advance,
    apply_rule,
    check_learning_rate,
    new_step,
    number_of,
    zeros_like,
)
from gradstep_engine.tensor import Tensor, wrap


def _rprop(
    w: Any, g: Any, before: Any, size: Any, down: Any, up: Any, least: Any, most: Any
) -> Any:
    turned = g * before
    size *= np.where(turned > 0, up, np.where(turned < 0, down, 1))
    size = np.clip(size, least, most, out=size if isinstance(size, np.ndarray) else None)
    g = np.where(turned < 0, 0, g)
    # Not by np.sign: as in torch, the sign of NaN is 0.
    w -= np.where(g > 0, size, np.where(g < 0, -size, 0))
    if isinstance(before, np.ndarray):
        before[...] = g
    return w, g, size


class Rprop(Parameterwise):
    """w ← w − sign(g) Δ, where Δ grows while the sign stays and shrinks when it turns.

        g negated with `maximize`
        where g · g' > 0 (g' is the gradient before):  Δ ← min(η⁺ · Δ, largest)
        where g · g' < 0:  Δ ← max(η⁻ · Δ, smallest),  g ← 0
        w ← w − sign(g) · Δ

    State: `step`, `prev` (g'), `step_size` (Δ, from lr). Source: Riedmiller and Braun, 1993, and
    PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_learning_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        super().__init__(
            params,
            {
                "lr": lr,
                "etas": etas,
                "step_sizes": step_sizes,
                "foreach": foreach,
                "maximize": maximize,
                "differentiable": differentiable,
                "capturable": capturable,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        down, up = group["etas"]
        least, most = group["step_sizes"]
        numbers = (float(down), float(up), float(least), float(most))
        for parameter in parameters:
            state = self.state[parameter]
            if not state:
                array = parameter._array
                state["step"] = new_step()
                state["prev"] = zeros_like(parameter)
                state["step_size"] = wrap(
                    np.full(array.shape, number_of(group["lr"]), dtype=array.dtype)
                )
            advance(state)
            states = (state["prev"], state["step_size"])
            apply_rule(_rprop, parameter, states, numbers, 0, group["maximize"])
