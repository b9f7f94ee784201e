"""Losses that compare a prediction with a target of the same shape."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradstep_engine import dtypes
from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.functional.cross_entropy import cross_entropy, nll_loss
from gradstep_engine.nn.functional.reductions import reduced, reduction_name
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops import loss as ops
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
]


def _check_broadcast(input: Tensor, target: Tensor) -> None:
    """Warn where shapes differ, which is rarely meant; refuse those that do not broadcast."""
    a, b = input._array.shape, target._array.shape
    if a == b:
        return
    warnings.warn(
        f"Using a target size ({Size(b)}) that is different to the input size ({Size(a)}). This "
        "will likely lead to incorrect results due to broadcasting. Please ensure they have the "
        "same size.",
        stacklevel=3,
    )
    longest = max(len(a), len(b))
    for axis in range(1, min(len(a), len(b)) + 1):
        if a[-axis] != b[-axis] and 1 not in (a[-axis], b[-axis]):
            raise RuntimeError(
                f"The size of tensor a ({a[-axis]}) must match the size of tensor b ({b[-axis]}) "
                f"at non-singleton dimension {longest - axis}"
            )


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return (input − target)², reduced.

    Raises:
        RuntimeError: the shapes do not broadcast. Where they differ at all, warns.
    """
    if input._array.shape != target._array.shape:
        _check_broadcast(input, target)
    chosen = reduction_name(reduction, size_average, reduce)
    if weight is not None:
        return _weighted_mse(input, target, weight, chosen)
    return run(ops.MseLoss, input, target, reduction=chosen)


@composite("mse_loss")
def _weighted_mse(input: Tensor, target: Tensor, weight: Tensor, reduction: str) -> Tensor:
    _check_weight(input, weight)
    return _averaged(run(ops.MseLoss, input, target, reduction="none"), weight, reduction)


def _check_weight(input: Tensor, weight: Tensor) -> None:
    if weight._array.shape != input._array.shape:
        raise ValueError("Weights and input must have the same size.")


def _averaged(losses: Tensor, weight: Tensor, reduction: str) -> Tensor:
    """Return weighted losses, reduced; `mean` divides by the sum of the weights."""
    weighted: Tensor = losses * weight
    if reduction == "mean":
        return weighted.sum() / weight.sum()  # type: ignore[no-any-return]
    return reduced(weighted, reduction)


@composite("l1_loss")
def _l1_loss(input: Tensor, target: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    losses: Tensor = (input - target).abs()
    if weight is None:
        return reduced(losses, reduction)
    _check_weight(input, weight)
    return _averaged(losses, weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """Return |input − target|, reduced.

    Raises:
        RuntimeError: the shapes do not broadcast. Where they differ at all, warns.
    """
    _check_broadcast(input, target)
    return _l1_loss(input, target, weight, reduction_name(reduction, size_average, reduce))


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """Return ½ d² / beta where |d| < beta, else |d| − ½ beta, with d = input − target, reduced.

    Raises:
        RuntimeError: `beta` is negative or the shapes do not broadcast.
    """
    _check_broadcast(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    chosen = reduction_name(reduction, size_average, reduce)
    return run(ops.SmoothL1Loss, input, target, reduction=chosen, beta=beta)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """Return ½ d² where |d| ≤ delta, else delta (|d| − ½ delta), with d = input − target, reduced.

    Raises:
        RuntimeError: `delta` is not positive or the shapes do not broadcast.
    """
    _check_broadcast(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    chosen = reduction_name(reduction)
    if weight is not None:
        return _weighted_huber(input, target, weight, chosen, delta)
    return run(ops.HuberLoss, input, target, reduction=chosen, delta=delta)


@composite("huber_loss")
def _weighted_huber(
    input: Tensor, target: Tensor, weight: Tensor, reduction: str, delta: float
) -> Tensor:
    _check_weight(input, weight)
    losses: Tensor = run(ops.HuberLoss, input, target, reduction="none", delta=delta) * weight
    return reduced(losses, reduction)  # its mean counts elements, not weights, as in torch


def _optional(*tensors: Tensor | None) -> tuple[Tensor | None, ...]:
    """Return `tensors` without the None at the end."""
    kept = list(tensors)
    while kept and kept[-1] is None:
        kept.pop()
    return tuple(kept)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return −(t log p + (1 − t) log(1 − p)) for probabilities p = input, reduced.

    Raises:
        ValueError: the sizes differ.
        RuntimeError: a probability is outside [0, 1], or the dtypes differ.
    """
    p, t = input._array, target._array
    if p.shape != t.shape:
        raise ValueError(
            f"Using a target size ({Size(t.shape)}) that is different to the input size "
            f"({Size(p.shape)}) is deprecated. Please ensure they have the same size."
        )
    if p.dtype != t.dtype:
        raise RuntimeError(
            f"Found dtype {dtypes.of_numpy(t.dtype).cpu_type} but expected "
            f"{dtypes.of_numpy(p.dtype).cpu_type}"
        )
    for array, name in ((p, "input"), (t, "target")):
        if not bool(np.logical_and.reduce((array >= 0) & (array <= 1), axis=None)):
            raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    chosen = reduction_name(reduction, size_average, reduce)
    return run(ops.BinaryCrossEntropy, *_optional(input, target, weight), reduction=chosen)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """Return binary cross-entropy of σ(input), computed without losing precision, reduced.

    Raises:
        ValueError: the sizes differ.
    """
    if input._array.shape != target._array.shape:
        raise ValueError(
            f"Target size ({Size(target._array.shape)}) must be the same as input size "
            f"({Size(input._array.shape)})"
        )
    dtypes.check_fits(target._array.dtype, input._array.dtype)
    chosen = reduction_name(reduction, size_average, reduce)
    return run(
        ops.BinaryCrossEntropyWithLogits,
        *_optional(input, target, weight, pos_weight),
        reduction=chosen,
    )


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """Return t (log t − input), input being log-probabilities; `batchmean` divides by the batch.

    Raises:
        RuntimeError: one of the two holds no floats.
    """
    if reduction == "mean":
        warnings.warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math "
            "definition.'mean' will be changed to behave the same as 'batchmean' in the next major "
            "release.",
            stacklevel=2,
        )
    if input._array.dtype.kind != "f" or target._array.dtype.kind != "f":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if reduction == "batchmean":
        total = run(ops.KlDiv, input, target, reduction="sum", log_target=log_target)
        count: Any = input._array.shape[0] if input._array.ndim else 1
        return total / count  # type: ignore[no-any-return]
    chosen = reduction_name(reduction, size_average, reduce)
    return run(ops.KlDiv, input, target, reduction=chosen, log_target=log_target)
