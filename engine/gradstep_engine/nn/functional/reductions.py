"""How a loss over many elements becomes one number."""

from __future__ import annotations

import warnings
from typing import Any

from gradstep_engine.tensor import Tensor


def reduction_name(
    reduction: str, size_average: bool | None = None, reduce: bool | None = None
) -> str:
    """Return `none`, `mean` or `sum`, also from the two older arguments, which warn.

    Raises:
        ValueError: `reduction` is none of these.
    """
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def legacy_reduction(size_average: bool | None, reduce: bool | None) -> str:
    """Return what the two older arguments mean, and warn."""
    averaged = "sum" if size_average is False else "mean"
    chosen = "none" if reduce is False else averaged
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{chosen}' "
        "instead.",
        stacklevel=4,
    )
    return chosen


def reduced(losses: Any, reduction: str) -> Tensor:
    """Return a tensor of losses as it is, its mean or its sum."""
    result: Tensor = losses
    if reduction == "mean":
        result = losses.mean()
    elif reduction == "sum":
        result = losses.sum()
    return result
