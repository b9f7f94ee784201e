"""Losses that ask for a margin: between classes, ranks or distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradstep_engine.autograd.report import composite
from gradstep_engine.dtypes import check_fits, result_numpy
from gradstep_engine.nn.functional.activation import logsigmoid
from gradstep_engine.nn.functional.distance import pairwise_distance
from gradstep_engine.nn.functional.reductions import reduced, reduction_name
from gradstep_engine.ops.masking import masked_tensor
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor, wrap


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return max(0, −target (input1 − input2) + margin), reduced; a target of 1 or −1.

    Raises:
        RuntimeError: the tensors differ in their number of dimensions.
    """
    chosen = reduction_name(reduction, size_average, reduce)
    if not input1.dim() == input2.dim() == target.dim():
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return _ranking(input1, input2, target, margin=margin, reduction=chosen)


@composite("margin_ranking_loss")
def _ranking(x1: Tensor, x2: Tensor, target: Tensor, *, margin: float, reduction: str) -> Tensor:
    return reduced((-target * (x1 - x2) + margin).clamp(min=0), reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return input where the target is 1, max(0, margin − input) where it is −1, reduced."""
    chosen = reduction_name(reduction, size_average, reduce)
    return _hinge(input, target, margin=margin, reduction=chosen)


@composite("hinge_embedding_loss")
def _hinge(input: Tensor, target: Tensor, *, margin: float, reduction: str) -> Tensor:
    below: Any = margin - input
    near, far = _where(target, input, np.not_equal, -1), below.clamp(min=0)
    return reduced(near + _where(target, far, np.not_equal, 1), reduction)


def _where(target: Tensor, values: Any, compare: Callable[..., Any], label: int) -> Any:
    """Return `values` where the target compares with `label`, else 0."""
    return masked_tensor(values, compare(target._array, label))


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return 1 − cos where the target is 1, max(0, cos − margin) where it is −1, reduced.

    Shapes: inputs (D) and a target (), or inputs (N, D) and a target (N).

    Raises:
        RuntimeError: the shapes are others.
    """
    chosen = reduction_name(reduction, size_average, reduce)
    if target.dim() not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    expected = "1D target tensor expects 2D input tensors, but found inputs with sizes"
    if target.dim() == 0:
        expected = "0D target tensor expects 1D input tensors, but found inputs with sizes"
    if input1.dim() != target.dim() + 1 or input2.dim() != target.dim() + 1:
        raise RuntimeError(f"{expected} {_sizes(input1)} and {_sizes(input2)}.")
    return _cosine(input1, input2, target, margin=margin, reduction=chosen)


def _sizes(tensor: Tensor) -> str:
    return str(list(tensor._array.shape))


@composite("cosine_embedding_loss")
def _cosine(x1: Tensor, x2: Tensor, target: Tensor, *, margin: float, reduction: str) -> Tensor:
    tiny = 1e-12  # as in torch, under the root
    squares: Any = ((x1 * x1).sum(-1) + tiny) * ((x2 * x2).sum(-1) + tiny)
    cosine: Any = (x1 * x2).sum(-1) / squares.sqrt()
    far = (cosine - margin).clamp(min=0)
    losses = _where(target, 1 - cosine, np.equal, 1) + _where(target, far, np.equal, -1)
    return reduced(losses, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return max(0, d(anchor, positive) − d(anchor, negative) + margin), reduced.

    Args:
        anchor: (N, D) or (D).
        positive: what should be near.
        negative: what should be farther than that, by `margin`.
        margin: a positive number.
        p: which norm.
        eps: added to differences.
        swap: whether the nearer of anchor and positive counts for the negative.
        size_average: older form of `reduction`.
        reduce: older form of `reduction`.
        reduction: `none`, `mean` or `sum`.

    Raises:
        ValueError: the margin is not positive.
    """
    chosen = reduction_name(reduction, size_average, reduce)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")

    def distance(a: Tensor, b: Tensor) -> Tensor:
        return pairwise_distance(a, b, p, eps)

    return _triplet(anchor, positive, negative, distance, margin, swap, chosen)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """Return the triplet loss for any distance; see `triplet_margin_loss`.

    Raises:
        ValueError: the margin is not positive.
    """
    chosen = reduction_name(reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    distance = pairwise_distance if distance_function is None else distance_function
    return _triplet(anchor, positive, negative, distance, margin, swap, chosen)


@composite("triplet_margin_loss")
def _triplet(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    distance: Callable[[Tensor, Tensor], Any],
    margin: float,
    swap: bool,
    reduction: str,
) -> Tensor:
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = far.minimum(distance(positive, negative))
    return reduced((margin + near - far).clamp(min=0), reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return Σ_{c ≠ t} max(0, margin − x_t + x_c)^p · w_t / C for class indices t, reduced.

    Raises:
        ValueError: `p` is neither 1 nor 2, or a weight is missing.
        RuntimeError: the shapes do not fit.
    """
    chosen = reduction_name(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    x, t = input._array, target._array
    if x.ndim not in (1, 2) or np.size(t) != (x.shape[0] if x.ndim == 2 else 1):
        raise RuntimeError(
            f"inconsistent target size, expected {x.shape[0] if x.ndim == 2 else 1} but got "
            f"{_sizes(target)}"
        )
    classes = x.shape[-1]
    if np.size(t) and not (np.min(t) >= 0 and np.max(t) < classes):
        raise RuntimeError("target out of range")
    if weight is not None and weight._array.size != classes:
        raise ValueError("weight must be one-dimensional and have one element per class")
    return _multi_margin(input, target, weight, p=p, margin=margin, reduction=chosen)


@composite("multi_margin_loss")
def _multi_margin(
    input: Tensor, target: Tensor, weight: Any, *, p: int, margin: float, reduction: str
) -> Tensor:
    rows: Any = input if input.dim() == 2 else input.unsqueeze(0)
    index = np.reshape(target._array, (-1, 1))
    others = np.ones(rows._array.shape, rows._array.dtype)
    np.put_along_axis(others, index, 0, 1)
    if weight is not None:
        others *= weight._array[index]
    excess = margin - rows.gather(1, wrap(index)) + rows
    excess = masked_tensor(excess, (excess._array > 0) & (others != 0))
    losses = ((excess if p == 1 else excess * excess) * wrap(others)).sum(1) / others.shape[1]
    return reduced(losses if input.dim() == 2 else losses.squeeze(0), reduction)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return Σ_{t, c} max(0, 1 − (x_t − x_c)) / C over labels t and all other classes c, reduced.

    A row of `target` holds labels up to the first −1.

    Raises:
        RuntimeError: the shapes differ.
    """
    chosen = reduction_name(reduction, size_average, reduce)
    if input._array.shape != target._array.shape:
        raise RuntimeError(
            f"inconsistent target size: {_sizes(target)} for input of size: {_sizes(input)}"
        )
    return _multilabel_margin(input, target, chosen)


@composite("multilabel_margin_loss")
def _multilabel_margin(input: Tensor, target: Tensor, reduction: str) -> Tensor:
    rows: Any = input if input.dim() == 2 else input.reshape(1, -1)
    labels = target._array.reshape(rows._array.shape)
    counted = np.logical_and.accumulate(labels >= 0, axis=1)
    index = np.where(counted, labels, 0)
    is_label = np.zeros(labels.shape, bool)
    row_numbers = np.broadcast_to(np.arange(len(labels))[:, None], labels.shape)
    is_label[row_numbers[counted], labels[counted]] = True
    pairs = counted[:, :, None] & ~is_label[:, None, :]
    wanted = rows.gather(1, wrap(index)).unsqueeze(2)
    excess = 1 - wanted + rows.unsqueeze(1)
    losses = masked_tensor(excess, pairs & (excess._array > 0)).sum((1, 2)) / labels.shape[1]
    return reduced(losses if input.dim() == 2 else losses.squeeze(0), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return −w (t log σ(x) + (1 − t) log σ(−x)), averaged over classes, then reduced."""
    chosen = reduction_name(reduction, size_average, reduce)
    return _multilabel_soft(input, target, weight, chosen)


@composite("multilabel_soft_margin_loss")
def _multilabel_soft(input: Tensor, target: Tensor, weight: Any, reduction: str) -> Tensor:
    losses: Any = -(target * logsigmoid(input) + (1 - target) * logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    return reduced(losses.sum(-1) / input._array.shape[-1], reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Return log(1 + e^(−target · input)), reduced; targets are 1 or −1."""
    chosen = reduction_name(reduction, size_average, reduce)
    if input._array.shape != target._array.shape:
        sizes = f"{Size(target._array.shape)} vs {Size(input._array.shape)}"
        raise RuntimeError(f"The sizes of target and input must match, got {sizes}")
    if target.requires_grad:
        raise RuntimeError(
            "The function 'soft_margin_loss' is not differentiable with respect to argument "
            "'target'. This input cannot have requires_grad True."
        )
    if input._array.dtype.kind != "f":
        check_fits(input._array.dtype, result_numpy((target._array, 1.0)))
    return _soft_margin(input, target, chosen)


@composite("soft_margin_loss")
def _soft_margin(input: Tensor, target: Tensor, reduction: str) -> Tensor:
    return reduced((-target * input).exp().log1p(), reduction)
