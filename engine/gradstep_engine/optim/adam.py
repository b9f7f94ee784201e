"""Adam and AdamW: momentum of the gradient, divided by a running root mean square."""

from __future__ import annotations

import math
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


class Adam(Parameterwise):
    """w ← w − lr m̂ / (√v̂ + eps), with bias-corrected averages of g and g².

        g ← g + weight_decay · w   (g negated before with `maximize`)
        or, decoupled as in AdamW:  w ← w − lr · weight_decay · w
        m ← m + (1 − β₁) (g − m)
        v ← β₂ · v + (1 − β₂) · g²
        m̂ = m / (1 − β₁^t),  v̂ = v / (1 − β₂^t)   (the largest v so far with `amsgrad`)
        w ← w − lr · m̂ / (√v̂ + eps)

    State: `step` (t), `exp_avg` (m), `exp_avg_sq` (v), `max_exp_avg_sq`. Source: Kingma and Ba,
    2014; Reddi et al., 2018 (amsgrad); PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        check_learning_rate(lr)
        check_range("eps", eps, "epsilon")
        for position, beta in enumerate(betas):
            if not 0.0 <= beta < 1.0:
                raise ValueError(f"Invalid beta parameter at index {position}: {beta}")
        check_range("weight_decay", weight_decay)
        super().__init__(
            params,
            {
                "lr": lr,
                "betas": betas,
                "eps": eps,
                "weight_decay": weight_decay,
                "amsgrad": amsgrad,
                "maximize": maximize,
                "foreach": foreach,
                "capturable": capturable,
                "differentiable": differentiable,
                "fused": fused,
                "decoupled_weight_decay": decoupled_weight_decay,
            },
        )

    def update(self, parameter: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        """Change one parameter; see the class."""
        lr, eps, weight_decay = float(group["lr"]), group["eps"], group["weight_decay"]
        beta1, beta2 = group["betas"]
        amsgrad, decoupled = group["amsgrad"], group["decoupled_weight_decay"]
        state = self.state[parameter]
        if not state:
            state["step"] = new_step()
            state["exp_avg"] = zeros_like(parameter)
            state["exp_avg_sq"] = zeros_like(parameter)
            if amsgrad:
                state["max_exp_avg_sq"] = zeros_like(parameter)
        step = self._advance(state)
        rate = lr / (1 - beta1**step)
        root_correction = math.sqrt(1 - beta2**step)
        mean, square = state["exp_avg"]._writable(), state["exp_avg_sq"]._writable()
        largest = state["max_exp_avg_sq"]._writable() if amsgrad else square
        for w, g, m, v, top, d, term in self.blocks(
            2, parameter._writable(), grad._array, mean, square, largest
        ):
            gradient = g
            if group["maximize"]:
                gradient = np.negative(gradient, out=d)
            if weight_decay and decoupled:
                np.multiply(w, 1 - lr * weight_decay, out=w)
            elif weight_decay:
                np.multiply(w, weight_decay, out=term)
                gradient = np.add(gradient, term, out=d)
            np.subtract(gradient, m, out=term)
            np.multiply(term, 1 - beta1, out=term)
            np.add(m, term, out=m)
            np.multiply(gradient, gradient, out=term)
            np.multiply(term, 1 - beta2, out=term)
            np.multiply(v, beta2, out=v)
            np.add(v, term, out=v)
            if amsgrad:
                np.maximum(top, v, out=top)
            np.sqrt(top, out=term)
            np.divide(term, root_correction, out=term)
            np.add(term, eps, out=term)
            np.divide(m, term, out=term)
            np.multiply(term, rate, out=term)
            np.subtract(w, term, out=w)


class AdamW(Adam):
    """Adam whose weight decay acts on the weights, not through the gradient.

    Source: Loshchilov and Hutter, 2017.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
