"""RMSprop: the gradient divided by a running root mean square of itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    check_learning_rate,
    check_range,
    new_step,
    zeros_like,
)
from gradstep_engine.tensor import Tensor


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
        lr: float = 1e-2,
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

    def update(self, parameter: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        """Change one parameter; see the class."""
        lr, alpha, eps = float(group["lr"]), group["alpha"], group["eps"]
        weight_decay, momentum, centered = (
            group["weight_decay"],
            group["momentum"],
            group["centered"],
        )
        state = self.state[parameter]
        if not state:
            state["step"] = new_step()
            state["square_avg"] = zeros_like(parameter)
            if momentum > 0:
                state["momentum_buffer"] = zeros_like(parameter)
            if centered:
                state["grad_avg"] = zeros_like(parameter)
        self._advance(state)
        weights, square = parameter._writable(), state["square_avg"]._writable()
        # Where there is no such state, the weights stand in and are left alone.
        buffer = state["momentum_buffer"]._writable() if momentum > 0 else weights
        average = state["grad_avg"]._writable() if centered else weights
        for w, g, s, b, a, d, term in self.blocks(2, weights, grad._array, square, buffer, average):
            gradient = g
            if group["maximize"]:
                gradient = np.negative(gradient, out=d)
            if weight_decay:
                np.multiply(w, weight_decay, out=term)
                gradient = np.add(gradient, term, out=d)
            np.multiply(gradient, gradient, out=term)
            np.multiply(term, 1 - alpha, out=term)
            np.multiply(s, alpha, out=s)
            np.add(s, term, out=s)
            if centered:
                np.subtract(gradient, a, out=term)
                np.multiply(term, 1 - alpha, out=term)
                np.add(a, term, out=a)
                np.multiply(a, a, out=term)
                np.subtract(s, term, out=term)
                np.sqrt(term, out=term)
            else:
                np.sqrt(s, out=term)
            np.add(term, eps, out=term)
            np.divide(gradient, term, out=term)
            if momentum > 0:
                np.multiply(b, momentum, out=b)
                np.add(b, term, out=b)
                np.multiply(b, lr, out=term)
            else:
                np.multiply(term, lr, out=term)
            np.subtract(w, term, out=w)
