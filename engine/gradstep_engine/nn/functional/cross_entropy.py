"""Cross-entropy and negative log likelihood, for class indices and for probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine import dtypes
from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.functional.reductions import reduction_name
from gradstep_engine.nn.functional.running import run
from gradstep_engine.nn.functional.softmax import prepared
from gradstep_engine.ops.nll import NllLoss
from gradstep_engine.ops.softmax import LogSoftmax
from gradstep_engine.tensor import Tensor, wrap


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return −input[n, target[n]], reduced; input (N, C, ...) holds log-probabilities.

    Raises:
        IndexError: a target is no class.
        ValueError: the batch sizes differ.
        RuntimeError: shapes or dtypes do not fit together.
    """
    chosen = reduction_name(reduction, size_average, reduce)
    _check(input, target, weight)
    return _nll(input, target, weight, ignore_index, chosen)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross-entropy of softmax(input) against `target`, reduced.

    Args:
        input: unnormalised scores, (C), (N, C) or (N, C, d1, ...).
        target: class indices without the dimension C, or probabilities of the input's shape.
        weight: (C), a factor for each class.
        size_average: older form of `reduction`.
        ignore_index: a target that does not count.
        reduce: older form of `reduction`.
        reduction: `none`, `mean` (by weight, for class indices) or `sum`.
        label_smoothing: share of the target that is spread evenly over all classes.

    Raises:
        IndexError: a target is no class.
        ValueError: the batch sizes differ.
        RuntimeError: shapes, dtypes or the smoothing do not fit.
    """
    chosen = reduction_name(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input._array.shape == target._array.shape:
        if target._array.dtype.kind != "f":
            raise RuntimeError(
                "Expected floating point type for target with class probabilities, got "
                f"{dtypes.of_numpy(target._array.dtype).cpu_type}"
            )
        prepared("log_softmax", input)
        return _soft(input, target, weight, label_smoothing=label_smoothing, reduction=chosen)
    _check(input, target, weight)
    if label_smoothing:
        return _smoothed(
            input,
            target,
            weight,
            ignore_index=ignore_index,
            reduction=chosen,
            label_smoothing=label_smoothing,
        )
    return _hard(input, target, weight, ignore_index=ignore_index, reduction=chosen)


def _nll(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str
) -> Tensor:
    inputs = (input, target) if weight is None else (input, target, weight)
    return run(NllLoss, *inputs, reduction=reduction, ignore_index=ignore_index)


@composite("cross_entropy")
def _hard(
    input: Tensor, target: Tensor, weight: Tensor | None, *, ignore_index: int, reduction: str
) -> Tensor:
    logs = run(LogSoftmax, input, dim=_class_dim(input))
    return _nll(logs, target, weight, ignore_index, reduction)


@composite("cross_entropy")
def _soft(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    *,
    label_smoothing: float,
    reduction: str,
) -> Tensor:
    dim = _class_dim(input)
    shape = input._array.shape
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / shape[dim]
    products: Any = run(LogSoftmax, input, dim=dim) * target
    if weight is not None:
        products = products * _per_class(weight, input)
    if reduction == "none":
        return -products.sum(dim)  # type: ignore[no-any-return]
    total: Tensor = -products.sum()
    return total if reduction == "sum" else total / (input._array.size // shape[dim])


@composite("cross_entropy")
def _smoothed(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None,
    *,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Tensor:
    """Return (1 − s) nll + s / C Σ_c −w_c log p_c (Szegedy et al., 2016)."""
    dim = _class_dim(input)
    classes = input._array.shape[dim]
    logs = run(LogSoftmax, input, dim=dim)
    exact: Any = _nll(logs, target, weight, ignore_index, reduction)
    counted = np.asarray(target._array != ignore_index)
    kept = wrap(counted.astype(input._array.dtype))
    weighted: Any = logs if weight is None else logs * _per_class(weight, input)
    spread: Any = -weighted.sum(dim) * kept
    if reduction != "none":
        spread = spread.sum()
    if reduction == "mean":
        if weight is None:
            divisor = np.add.reduce(counted, axis=None)
        else:
            divisor = np.add.reduce(weight._array[target._array[counted]], axis=None)
        spread = spread / float(divisor)
    smoothed: Tensor = exact * (1 - label_smoothing) + spread * (label_smoothing / classes)
    return smoothed


def _class_dim(input: Tensor) -> int:
    return 0 if input._array.ndim == 1 else 1


def _per_class(weight: Tensor, input: Tensor) -> Tensor:
    """Return `weight` shaped to multiply along the class dimension."""
    trailing = (1,) * max(input._array.ndim - 2, 0)
    return wrap(np.reshape(weight._array, (-1, *trailing)))


def _check(input: Tensor, target: Tensor, weight: Tensor | None) -> None:
    x, t = input._array, target._array
    if x.ndim < 1:
        raise ValueError(f"Expected 1 or more dimensions (got {x.ndim})")
    if x.ndim == 1 and t.ndim == 1 and t.shape[0] != 1:
        raise ValueError(
            f"For 1D input, 1D target must have size 1, but got target size: {t.shape[0]}"
        )
    if x.ndim != 1:
        batch = t.shape[0] if t.ndim else 1
        if t.ndim == 0 or x.shape[0] != batch:
            raise ValueError(
                f"Expected input batch_size ({x.shape[0]}) to match target batch_size ({batch})."
            )
    classes = x.shape[0] if x.ndim == 1 else x.shape[1]
    if x.ndim <= 2:
        if t.ndim > 1:
            raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    elif t.shape != (x.shape[0], *x.shape[2:]):
        raise RuntimeError(
            f"Expected target size {[x.shape[0], *x.shape[2:]]}, got {list(t.shape)}"
        )
    if t.dtype not in (np.int64, np.uint8):
        raise RuntimeError(
            f"expected target dtype to be Long or Byte, but got {dtypes.of_numpy(t.dtype).cpu_type}"
        )
    if weight is not None and weight._array.shape != (classes,):
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but "
            f"got weight tensor of shape: {list(weight._array.shape)}"
        )
