"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    apply_rule,
    check_fused,
    check_learning_rate,
    check_range,
    zeros_like,
)
from gradstep_engine.tensor import Tensor


def _descend(w: Any, g: Any, lr: Any) -> Any:
    w -= lr * g
    return (w,)


def _descend_with_momentum(
    w: Any, g: Any, v: Any, lr: Any, momentum: Any, fresh_part: Any, nesterov: bool
) -> Any:
    v *= momentum
    v += g if fresh_part == 1 else fresh_part * g
    w -= lr * (g + momentum * v if nesterov else v)
    return w, v


class SGD(Parameterwise):
    """w ← w − lr d, where the direction d comes from the gradient g.

        g ← g + weight_decay · w   (g negated before with `maximize`)
        v ← momentum · v + (1 − dampening) · g    (v = g in the first step)
        d = g + momentum · v  with `nesterov`, v with momentum, else g
        w ← w − lr · d

    State: `momentum_buffer` (v), with momentum only. Source: PyTorch's documentation of SGD;
    Nesterov momentum as in Sutskever et al., 2013.

    Raises:
        ValueError: a hyper-parameter is out of range.
        RuntimeError: `fused` is asked for together with what it excludes.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_learning_rate(lr)
        check_range("momentum", momentum)
        check_range("weight_decay", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_fused(fused, foreach, differentiable)
        super().__init__(
            params,
            {
                "lr": lr,
                "momentum": momentum,
                "dampening": dampening,
                "weight_decay": weight_decay,
                "nesterov": nesterov,
                "maximize": maximize,
                "foreach": foreach,
                "differentiable": differentiable,
                "fused": fused,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, momentum = float(group["lr"]), group["momentum"]
        decay, maximize = float(group["weight_decay"]), group["maximize"]
        if not momentum:
            for parameter in parameters:
                apply_rule(_descend, parameter, (), (lr,), decay, maximize)
            return
        nesterov, fresh_part = group["nesterov"], 1 - group["dampening"]
        for parameter in parameters:
            state = self.state[parameter]
            velocity = state.get("momentum_buffer")
            numbers = (lr, momentum, fresh_part, nesterov)
            if velocity is None:
                velocity = state["momentum_buffer"] = zeros_like(parameter)
                numbers = (lr, momentum, 1, nesterov)
            apply_rule(_descend_with_momentum, parameter, (velocity,), numbers, decay, maximize)
