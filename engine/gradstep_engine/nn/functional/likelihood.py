"""Negative log likelihoods: of Poisson and normal distributions, and of unaligned sequences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.functional.reductions import reduced, reduction_name
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.ctc import CtcLoss
from gradstep_engine.tensor import Tensor, wrap


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return e^x − t x, or x − t log(x + eps) without `log_input`, reduced.

    `full` adds Stirling's approximation of log t! where t > 1.
    """
    chosen = reduction_name(reduction, size_average, reduce)
    return _poisson(input, target, log_input=log_input, full=full, eps=eps, reduction=chosen)


@composite("poisson_nll_loss")
def _poisson(
    input: Tensor, target: Tensor, *, log_input: bool, full: bool, eps: float, reduction: str
) -> Tensor:
    expected: Any = input.exp() if log_input else input
    logarithm: Any = input if log_input else (input + eps).log()
    losses = expected - target * logarithm
    if full:
        below = wrap(np.asarray(target._array <= 1))
        counts: Any = target.masked_fill(below, 1)  # the approximation does not count there
        stirling = counts * counts.log() - counts + 0.5 * (2 * math.pi * counts).log()
        losses = losses + stirling.masked_fill(below, 0)
    return reduced(losses, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """Return ½ (log var + (input − target)² / var), reduced; var is not below eps.

    `full` adds ½ log 2π. `var` has the input's shape, or one variance for each row of it.

    Raises:
        ValueError: a variance is negative, or the shapes do not fit.
    """
    if not isinstance(var, Tensor):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = wrap(np.full_like(input._array, var))
    shape = input._array.shape
    variance: Any = var
    if var._array.shape != shape:
        if shape[:-1] == var._array.shape:
            variance = var.unsqueeze(-1)
        elif (
            var._array.ndim != len(shape)
            or shape[:-1] != var._array.shape[:-1]
            or (var._array.shape[-1] != 1)
        ):
            raise ValueError("var is of incorrect size")
    chosen = reduction_name(reduction)
    if bool(np.logical_or.reduce(np.asarray(var._array) < 0, axis=None)):
        raise ValueError("var has negative entry/entries")
    return _gaussian(input, target, variance, full=full, eps=eps, reduction=chosen)


@composite("gaussian_nll_loss")
def _gaussian(
    input: Tensor, target: Tensor, var: Any, *, full: bool, eps: float, reduction: str
) -> Tensor:
    var = var.clone()
    # As in torch the limit is no part of the graph: gradients pass where it applies.
    array = var._writable()
    np.maximum(array, eps, out=array)
    difference: Any = input - target
    losses = 0.5 * (var.log() + difference * difference / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return reduced(losses, reduction)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Return −log p(targets | log_probs), summed over all alignments (Graves et al., 2006).

    Args:
        log_probs: (T, N, C) or (T, C), logarithms of probabilities.
        targets: (N, S), or all targets one after the other, or (S).
        input_lengths: how many steps of each sequence count.
        target_lengths: how many labels of each target count.
        blank: the class that stands for no label.
        reduction: `none`, `mean` (each loss divided by its target's length first) or `sum`.
        zero_infinity: whether targets that do not fit count 0 instead of inf.

    Raises:
        RuntimeError: lengths or the blank do not fit.
    """
    chosen = reduction_name(reduction)
    batched = log_probs._array.ndim == 3
    steps, classes = log_probs._array.shape[0], log_probs._array.shape[-1]
    count = log_probs._array.shape[1] if batched else 1
    inputs, labels = _lengths(input_lengths), _lengths(target_lengths)
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, lengths in (("input_lengths", inputs), ("target_lengths", labels)):
        if len(lengths) != count:
            raise RuntimeError(f"{name} must be of size batch_size")
    if len(inputs) and inputs.max() > steps:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {steps}, but got value {inputs.max()} "
            "(while checking arguments for ctc_loss_allocate_outputs)"
        )
    padded = _padded(np.asarray(targets._array), labels, batched)
    return _ctc(log_probs, padded, inputs, labels, blank, chosen, zero_infinity)


def _lengths(given: Any) -> Any:
    array = given._array if isinstance(given, Tensor) else given
    return np.atleast_1d(np.asarray(array, dtype=np.int64))


def _padded(targets: Any, lengths: Any, batched: bool) -> Any:
    """Return targets as rows (N, S), from rows or from all of them in one."""
    longest = int(lengths.max(initial=0))
    if targets.ndim == 2 or not batched:
        rows = targets.reshape(len(lengths), -1)
        if rows.shape[1] < longest:
            raise RuntimeError(
                f"Expected tensor to have size at least {longest} at dimension 1, but got size "
                f"{rows.shape[1]} for argument #2 'targets' (while checking arguments for "
                "ctc_loss_allocate_outputs)"
            )
        return rows[:, :longest]
    rows = np.zeros((len(lengths), longest), dtype=np.int64)
    ends = np.cumsum(lengths)
    for row, end, length in zip(rows, ends, lengths, strict=True):
        row[:length] = targets[end - length : end]
    return rows


@composite("ctc_loss")
def _ctc(
    log_probs: Tensor,
    targets: Any,
    inputs: Any,
    labels: Any,
    blank: int,
    reduction: str,
    zero_infinity: bool,
) -> Tensor:
    batched = log_probs._array.ndim == 3
    losses: Any = run(
        CtcLoss,
        log_probs if batched else log_probs.unsqueeze(1),
        targets=targets,
        input_lengths=inputs,
        target_lengths=labels,
        blank=blank,
        zero_infinity=zero_infinity,
    )
    if reduction == "mean":
        lengths = np.maximum(labels, 1).astype(losses._array.dtype)
        losses, batched = losses / wrap(lengths), True
    return reduced(losses if batched else losses.squeeze(0), reduction)
