"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    check_learning_rate,
    check_range,
    zeros_like,
)
from gradstep_engine.tensor import Tensor


class SGD(Parameterwise):
    """w ← w − lr d, where the direction d comes from the gradient g.

        d = g  (−g with `maximize`)
        d ← d + weight_decay · w
        v ← momentum · v + (1 − dampening) · d    (v = d in the first step)
        d ← d + momentum · v  with `nesterov`, else d ← v
        w ← w − lr · d

    State: `momentum_buffer` (v), with momentum only. Source: PyTorch's documentation of SGD;
    Nesterov momentum as in Sutskever et al., 2013.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
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

    def update(self, parameter: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        """Change one parameter; see the class."""
        lr, momentum = float(group["lr"]), group["momentum"]
        weight_decay, fresh_part = group["weight_decay"], 1 - group["dampening"]
        weights, gradient = parameter._writable(), grad._array
        velocity, first = weights, False
        if momentum:
            state = self.state[parameter]
            first = state.get("momentum_buffer") is None
            if first:
                state["momentum_buffer"] = zeros_like(parameter)
            velocity = state["momentum_buffer"]._writable()
        for w, g, v, d, term in self.blocks(2, weights, gradient, velocity):
            direction = g
            if group["maximize"]:
                direction = np.negative(direction, out=d)
            if weight_decay:
                np.multiply(w, weight_decay, out=term)
                direction = np.add(direction, term, out=d)
            if momentum:
                if first:
                    v[...] = direction
                else:
                    np.multiply(v, momentum, out=v)
                    if fresh_part != 1:
                        np.multiply(direction, fresh_part, out=term)
                        np.add(v, term, out=v)
                    else:
                        np.add(v, direction, out=v)
                if group["nesterov"]:
                    np.multiply(v, momentum, out=term)
                    direction = np.add(direction, term, out=d)
                else:
                    direction = v
            np.multiply(direction, lr, out=term)
            np.subtract(w, term, out=w)
