"""Muon: momentum whose matrices are brought near to orthogonal ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.optim.parameterwise import Parameterwise, number_of, zeros_like
from gradstep_engine.tensor import Tensor

_ADJUSTMENTS = ("original", "match_rms_adamw")


class Muon(Parameterwise):
    """w ← w (1 − lr · weight_decay) − lr' · O(u) for matrices w.

        b ← lerp(b, g, 1 − momentum)
        u = lerp(g, b, momentum) with `nesterov`, else b
        O(u): `ns_steps` Newton–Schulz steps X ← aX + (bA + cA²)X, A = XXᵀ, from u / ‖u‖
        lr' = lr · √max(1, rows / columns), or lr · 0.2 √max(rows, columns) to match AdamW's RMS

    The Newton–Schulz steps are rounded to bfloat16, as PyTorch computes them.
    State: `momentum_buffer` (b). Source: Jordan et al., 2024, and PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range, or a parameter is no matrix.
    """

    def __init__(
        self,
        params: Any,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr._array.size != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not number_of(lr) >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not momentum >= 0.0:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn is not None and adjust_lr_fn not in _ADJUSTMENTS:
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        super().__init__(
            params,
            {
                "lr": lr,
                "weight_decay": weight_decay,
                "momentum": momentum,
                "nesterov": nesterov,
                "ns_coefficients": ns_coefficients,
                "eps": eps,
                "ns_steps": ns_steps,
                "adjust_lr_fn": adjust_lr_fn,
            },
        )
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter with size: "
                        f"{parameter.size()}"
                    )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, momentum = number_of(group["lr"]), group["momentum"]
        for parameter in parameters:
            assert parameter._grad is not None
            array, g = parameter._writable(), parameter._grad._array
            state = self.state[parameter]
            if not state:
                state["momentum_buffer"] = zeros_like(parameter)
            buffer = state["momentum_buffer"]._array
            buffer += (1 - momentum) * (g - buffer)
            change = g + momentum * (buffer - g) if group["nesterov"] else buffer
            change = _orthogonalised(
                change, group["ns_coefficients"], group["ns_steps"], group["eps"]
            )
            rows, columns = array.shape
            if group["adjust_lr_fn"] == "match_rms_adamw":
                rate = lr * 0.2 * math.sqrt(max(rows, columns))
            else:
                rate = lr * math.sqrt(max(1, rows / columns))
            array *= 1 - lr * group["weight_decay"]
            array -= (rate * change).astype(array.dtype)


def _orthogonalised(
    matrix: Any, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Any:
    """Return a matrix of the same singular vectors, with singular values near to 1.

    Raises:
        ValueError: there are too many steps, or not three coefficients.
    """
    if steps >= 100:
        raise ValueError("Number of steps must be less than 100 for computational efficiency")
    if len(coefficients) != 3:
        raise ValueError("Coefficients must be a tuple of exactly 3 values")
    a, b, c = coefficients
    turned = matrix.shape[0] > matrix.shape[1]
    x = _bfloat16(matrix.T if turned else matrix)
    x = _bfloat16(x / max(_bfloat16(np.linalg.norm(x)), eps))
    for _ in range(steps):
        gram = _bfloat16(x @ x.T)
        gram = _bfloat16(b * gram + c * (gram @ gram))
        x = _bfloat16(a * x + gram @ x)
    return x.T if turned else x


def _bfloat16(x: Any) -> Any:
    """Return float32 rounded to the eight bits of precision that bfloat16 has, half to even."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (rounded & np.uint32(0xFFFF0000)).view(np.float32)
