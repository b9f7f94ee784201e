"""Dropout: elements, or whole channels, set to zero by chance."""

from __future__ import annotations

import warnings
from typing import Any

from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.functional.running import run, run_inplace
from gradstep_engine.ops import dropout as ops
from gradstep_engine.tensor import Tensor


def _check(p: float) -> None:
    if p < 0.0 or p > 1.0:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")


def _run(op: Any, input: Tensor, p: float, training: bool, inplace: bool, **options: Any) -> Tensor:
    """Run `op` where it changes anything: in training, with p > 0, on a tensor with elements."""
    if p == 0 or not training or not input._array.size:
        return input
    if inplace:
        return run_inplace(op, input, p=p, **options)
    return run(op, input, p=p, **options)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Zero each element with probability `p` and scale the others by 1 / (1 − p) in training.

    Raises:
        ValueError: `p` is no probability.
    """
    _check(p)
    return _run(ops.Dropout, input, p, training, inplace)


def alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Set elements to SELU's lower limit by chance and keep mean and variance in training."""
    _check(p)
    op = ops.Dropout if p == 1 else ops.AlphaDropout
    return _run(op, input, p, training, inplace, shown_as="alpha_dropout")


def feature_alpha_dropout(
    input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False
) -> Tensor:
    """Do what `alpha_dropout` does to whole channels of (N, C, ...)."""
    _check(p)
    _check_channels(input)
    op = ops.Dropout if p == 1 else ops.AlphaDropout
    options = {"channels": True, "shown_as": "feature_alpha_dropout"}
    return _run(op, input, p, training, inplace, **options)


def _channels(
    name: str, input: Tensor, p: float, training: bool, inplace: bool, batched: bool
) -> Tensor:
    """Drop whole channels; an input without a batch gets one for the while."""
    _check(p)
    if batched:
        _check_channels(input)
        return _run(ops.Dropout, input, p, training, inplace, channels=True, shown_as=name)
    return composite(name)(_unbatched)(input, p, training, inplace)


def _unbatched(input: Tensor, p: float, training: bool, inplace: bool) -> Tensor:
    result = _run(ops.Dropout, input.unsqueeze(0), p, training, inplace, channels=True)
    return input if inplace else result.squeeze(0)


def _check_channels(input: Tensor) -> None:
    if input._array.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")


def dropout1d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zero whole channels of (N, C, L) or (C, L) with probability `p` in training.

    Raises:
        RuntimeError: the input has other dimensions.
        ValueError: `p` is no probability.
    """
    _check(p)
    ndim = input._array.ndim
    if ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {ndim}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _channels("dropout1d", input, p, training, inplace, ndim == 3)


def dropout2d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zero whole channels of (N, C, H, W) with probability `p` in training.

    As in torch, the second dimension counts as the channels whatever the number of dimensions.
    """
    _check(p)
    _warn_of_dimensions(2, input._array.ndim)
    if input._array.ndim == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel "
            "dim. This behavior will change in a future release to interpret the input as one "
            "without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise "
            "dropout behavior, please switch to using dropout1d instead.",
            stacklevel=2,
        )
    return _channels("dropout2d", input, p, training, inplace, True)


def dropout3d(
    input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False
) -> Tensor:
    """Zero whole channels of (N, C, D, H, W) or (C, D, H, W) with probability `p` in training."""
    _check(p)
    _warn_of_dimensions(3, input._array.ndim)
    return _channels("dropout3d", input, p, training, inplace, input._array.ndim == 5)


def _warn_of_dimensions(spatial: int, ndim: int) -> None:
    if ndim in (spatial + 1, spatial + 2):
        return
    warnings.warn(
        f"dropout{spatial}d: Received a {ndim}-D input to dropout{spatial}d, which is deprecated "
        "and will result in an error in a future release. To retain the behavior and silence this "
        "warning, please use dropout instead. Note that "
        f"dropout{spatial}d exists to provide channel-wise dropout on inputs with {spatial} "
        "spatial dimensions, a channel dimension, and an optional batch dimension "
        f"(i.e. {spatial + 1}D or {spatial + 2}D inputs).",
        stacklevel=3,
    )
