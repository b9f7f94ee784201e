"""Functions of layers as `torch` itself has them: all arguments given, reductions by number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradstep_engine.nn import functional

__all__ = [
    "adaptive_max_pool1d",
    "alpha_dropout",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy_with_logits",
    "constant_pad_nd",
    "cosine_embedding_loss",
    "dropout",
    "embedding",
    "group_norm",
    "hinge_embedding_loss",
    "instance_norm",
    "kl_div",
    "layer_norm",
    "margin_ranking_loss",
    "poisson_nll_loss",
    "rms_norm",
    "triplet_margin_loss",
]

_REDUCTIONS = ("none", "mean", "sum")

bilinear = functional.bilinear
group_norm = functional.group_norm
rms_norm = functional.rms_norm


def adaptive_max_pool1d(input: Any, output_size: Any) -> Any:
    """Return maxima of windows, and where they lie."""
    return functional.adaptive_max_pool1d(input, output_size, return_indices=True)


def dropout(input: Any, p: float, train: bool) -> Any:
    """Return `input` with elements zeroed with probability p, if `train`."""
    return functional.dropout(input, p, train)


def alpha_dropout(input: Any, p: float, train: bool) -> Any:
    """Return `input` with elements dropped that keeps mean and variance, if `train`."""
    return functional.alpha_dropout(input, p, train)


def embedding(
    weight: Any,
    indices: Any,
    padding_idx: int = -1,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Any:
    """Return rows of `weight`; its place is before that of the indices here."""
    padding = None if padding_idx < 0 else padding_idx
    return functional.embedding(
        indices, weight, padding, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse
    )


def constant_pad_nd(input: Any, pad: Any, value: float = 0) -> Any:
    """Return `input` in a margin of `value`."""
    return functional.pad(input, pad, "constant", value)


def layer_norm(
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Any:
    """Return `input` normalised over its last dimensions."""
    return functional.layer_norm(input, normalized_shape, weight, bias, eps)


def batch_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Any:
    """Return `input` normalised over its batch; the weight stands before the statistics here."""
    return functional.batch_norm(
        input, running_mean, running_var, weight, bias, training, momentum, eps
    )


def instance_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Any:
    """Return `input` with each channel of each sample normalised."""
    return functional.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def _by_number(name: str) -> Callable[..., Any]:
    """Return the loss `name` that takes its reduction as 0, 1 or 2: none, mean, sum."""
    loss = getattr(functional, name)

    def function(*args: Any, reduction: int = 0, **kwargs: Any) -> Any:
        return loss(*args, **kwargs, reduction=_REDUCTIONS[reduction])

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Return `nn.functional.{name}`; the reduction is a number here."
    return function


binary_cross_entropy_with_logits = _by_number("binary_cross_entropy_with_logits")
cosine_embedding_loss = _by_number("cosine_embedding_loss")
hinge_embedding_loss = _by_number("hinge_embedding_loss")
kl_div = _by_number("kl_div")
margin_ranking_loss = _by_number("margin_ranking_loss")
triplet_margin_loss = _by_number("triplet_margin_loss")


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool, full: bool, eps: float, reduction: int
) -> Any:
    """Return the negative log likelihood of a Poisson distribution."""
    return functional.poisson_nll_loss(
        input, target, log_input, full=full, eps=eps, reduction=_REDUCTIONS[reduction]
    )
