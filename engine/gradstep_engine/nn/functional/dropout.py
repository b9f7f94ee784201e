"""Dropout."""

from __future__ import annotations

from gradstep_engine.nn.functional.running import run, run_inplace
from gradstep_engine.ops.dropout import Dropout
from gradstep_engine.tensor import Tensor


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability `p` and scale the others by 1 / (1 − p) in training.

    Raises:
        ValueError: `p` is no probability.
    """
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    if not training:
        return input
    if inplace:
        return run_inplace(Dropout, input, p=p)
    return run(Dropout, input, p=p)
