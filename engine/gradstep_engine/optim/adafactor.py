"""Adafactor: second moments of matrices from their row and column means."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.optim.parameterwise import Parameterwise, advance, new_step, number_of
from gradstep_engine.tensor import Tensor, wrap


class Adafactor(Parameterwise):
    """Steps relative to the parameter's size, by a second moment that matrices keep in two vectors.

        1 − β_t = t^beta2_decay,  ρ_t = min(lr, 1 / √t)
        α = max(eps₂, RMS(w)) · ρ_t
        w ← w · (1 − lr · weight_decay)
        r ← lerp(r, mean of g² over columns, 1 − β_t), c likewise over rows
        v = r c / max(mean r, eps₁)     (of a vector: v ← lerp(v, g², 1 − β_t))
        u = g / √max(v, eps₁²)
        w ← w − α · u / max(1, RMS(u) / d)

    State: `step` (t), `row_var` (r) and `col_var` (c), or `variance` (v). Source: Shazeer and
    Stern, 2018, and PyTorch's documentation.

    Raises:
        ValueError: a hyper-parameter is out of range.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr._array.size != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not number_of(lr) >= 0.0:
            raise ValueError(f"Learning rate should be >= 0 but is: {lr}")
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not eps[0] >= 0.0:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not eps[1] >= 0.0:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        super().__init__(
            params,
            {
                "lr": lr,
                "beta2_decay": beta2_decay,
                "eps": eps,
                "d": d,
                "weight_decay": weight_decay,
                "foreach": foreach,
                "maximize": maximize,
            },
        )

    def update(self, group: dict[str, Any], parameters: list[Tensor]) -> None:
        """Change the parameters; see the class."""
        lr, d, (eps1, eps2) = number_of(group["lr"]), group["d"], group["eps"]
        for parameter in parameters:
            assert parameter._grad is not None
            array, g = parameter._writable(), parameter._grad._array
            if group["maximize"]:
                g = -g
            state = self.state[parameter] or self._begin(parameter)
            step = advance(state)
            least = float(np.finfo(array.dtype).eps) if eps1 is None else eps1
            alpha = max(eps2, _rms(array)) * min(lr, step**-0.5)
            if group["weight_decay"]:
                array *= 1 - lr * group["weight_decay"]
            variance = _variance(state, g, step ** group["beta2_decay"], least)
            change = g / np.sqrt(np.maximum(variance, least * least))
            array -= alpha / max(1.0, _rms(change) / d) * change

    def _begin(self, parameter: Tensor) -> dict[str, Any]:
        array = parameter._array
        state = self.state[parameter]
        state["step"] = new_step()
        if array.ndim > 1:
            rows, columns = (*array.shape[:-1], 1), (*array.shape[:-2], 1, array.shape[-1])
            state["row_var"] = wrap(np.zeros(rows, array.dtype))
            state["col_var"] = wrap(np.zeros(columns, array.dtype))
        else:
            state["variance"] = wrap(np.zeros(array.shape, array.dtype))
        return state


def _variance(state: dict[str, Any], g: Any, weight: float, least: float) -> Any:
    """Move the second moments in `state` towards those of `g`; return them for each element."""
    square = g * g
    if g.ndim < 2:
        variance = state["variance"]._array
        variance += weight * (square - variance)
        return variance
    rows, columns = state["row_var"]._array, state["col_var"]._array
    rows += weight * (square.mean(-1, keepdims=True) - rows)
    columns += weight * (square.mean(-2, keepdims=True) - columns)
    return rows * columns / np.maximum(rows.mean(-2, keepdims=True), least)


def _rms(array: Any) -> float:
    return float(np.linalg.norm(array.reshape(-1))) / math.sqrt(max(array.size, 1))
