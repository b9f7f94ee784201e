"""Adam and AdamW: momentum of the gradient, divided by a running root mean square."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from gradstep_engine.optim.parameterwise import (
    Parameterwise,
    Rule,
    advance,
    apply_rule,
    check_betas,
    check_fused,
    check_learning_rate,
    check_range,
    larger,
    new_step,
    root,
    zeros_like,
)
from gradstep_engine.tensor import Tensor


def _adam(
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
) -> Any:
    if shrink != 1:
        w *= shrink
    m += rest1 * (g - m)
    v *= beta2
    v += rest2 * (g * g)
    w -= rate * m / (root(v) + eps)
    return w, m, v


def _amsgrad(
    w: Any,
    g: Any,
    m: Any,
    v: Any,
    top: Any,
    rate: Any,
    rest1: Any,
    beta2: Any,
    rest2: Any,
    eps: Any,
    shrink: Any,
) -> Any:
    if shrink != 1:
        w *= shrink
    m += rest1 * (g - m)
    v *= beta2
    v += rest2 * (g * g)
    top = larger(top, v)
    w -= rate * m / (root(top) + eps)
    return w, m, v, top


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
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
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
        check_betas(betas)
        check_range("weight_decay", weight_decay)
        _check_kinds(lr, betas, foreach, capturable)
        check_fused(fused, foreach, differentiable)
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

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, decay, maximize = float(group["lr"]), group["weight_decay"], group["maximize"]
        eps, amsgrad = group["eps"], group["amsgrad"]
        beta1, beta2 = (float(beta) for beta in group["betas"])
        rule: Rule = _amsgrad if amsgrad else _adam
        shrink: float = 1
        if decay and group["decoupled_weight_decay"]:
            shrink, decay = 1 - lr * decay, 0
        for parameter in parameters:
            state = self.state[parameter] or self._begin(parameter, amsgrad)
            step = advance(state)
            correction = math.sqrt(1 - beta2**step)
            # √v̂ + eps, and m̂ above it, times √(1 − β₂^t): one operation less per element.
            rate = lr * correction / (1 - beta1**step)
            numbers = (rate, 1 - beta1, beta2, 1 - beta2, eps * correction, shrink)
            states: tuple[Tensor, ...] = (state["exp_avg"], state["exp_avg_sq"])
            if amsgrad:
                states += (state["max_exp_avg_sq"],)
            apply_rule(rule, parameter, states, numbers, decay, maximize)

    def _begin(self, parameter: Tensor, amsgrad: bool) -> dict[str, Any]:
        state = self.state[parameter]
        state["step"] = new_step()
        state["exp_avg"] = zeros_like(parameter)
        state["exp_avg_sq"] = zeros_like(parameter)
        if amsgrad:
            state["max_exp_avg_sq"] = zeros_like(parameter)
        return state


class AdamW(Adam):
    """Adam whose weight decay acts on the weights, not through the gradient.

    Source: Loshchilov and Hutter, 2017.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
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


def _check_kinds(lr: Any, betas: Sequence[Any], foreach: Any, capturable: Any) -> None:
    """Refuse mixtures of numbers and tensors, as torch does.

    Raises:
        ValueError: they are mixed, or tensors meet `foreach` without `capturable`.
    """
    if isinstance(lr, Tensor) and foreach and not capturable:
        raise ValueError("lr as a Tensor is not supported for capturable=False and foreach=True")
    if not (
        all(isinstance(beta, float) for beta in betas[:2])
        or all(isinstance(beta, Tensor) for beta in betas[:2])
    ):
        raise ValueError("betas must be either both floats or both Tensors")
    for position, beta in enumerate(betas[:2]):
        if not isinstance(beta, Tensor):
            continue
        if foreach and not capturable:
            raise ValueError(
                f"betas[{position}] as a Tensor is not supported for capturable=False and "
                "foreach=True"
            )
        if beta._array.size != 1:
            raise ValueError(f"Tensor betas[{position}] must be 1-element")
