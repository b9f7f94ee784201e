"""Normalisation as functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gradstep_engine.autograd.function import composite
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.normalization import BatchNorm, LayerNorm, batch_statistics
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor, wrap


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of (N, C, ...).

    In training by the batch's statistics, which also move the running ones by `momentum`; else by
    the running ones.

    Raises:
        ValueError: training on one value per channel.
        RuntimeError: the channels do not match.
    """
    x = input._array
    channels = x.shape[1]
    for name, tensor in (("running_mean", running_mean), ("running_var", running_var)):
        if tensor is not None and tensor._array.shape != (channels,):
            raise RuntimeError(
                f"{name} should contain {channels} elements not {tensor._array.size}"
            )
    inputs = (input, weight, bias)
    if not training and running_mean is not None and running_var is not None:
        return _apply(inputs, running_mean, running_var, eps)
    count = x.size // channels if channels else 0
    if count <= 1:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {Size(x.shape)}"
        )
    if running_mean is not None and running_var is not None:
        mean, variance = batch_statistics(x)
        _follow(running_mean, mean, momentum)
        _follow(running_var, variance * (count / (count - 1)), momentum)
    return _apply(inputs, None, None, eps)


def _apply(
    inputs: tuple[Tensor | None, ...], mean: Tensor | None, variance: Tensor | None, eps: float
) -> Tensor:
    # Constants, not inputs of the graph: the running statistics change at every step.
    tensors = [*inputs]
    if mean is not None and variance is not None:
        tensors += [wrap(np.array(mean._array)), wrap(np.array(variance._array))]
    while tensors[-1] is None:
        tensors.pop()
    return run(BatchNorm, *tensors, eps=eps)


def _follow(running: Tensor, value: np.ndarray, momentum: float) -> None:
    array = running._writable()
    array += momentum * (value - array)
    running._bump()


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over the last dimensions, whose sizes are `normalized_shape`.

    Raises:
        RuntimeError: the input does not end in that shape.
    """
    wanted = list(normalized_shape)
    shape = list(input._array.shape)
    if shape[len(shape) - len(wanted) :] != wanted:
        inner = ", ".join(["*", *map(str, wanted)])
        raise RuntimeError(
            f"Given normalized_shape={wanted}, expected input with shape [{inner}], but got input "
            f"of size{shape}"
        )
    tensors = [input, weight, bias]
    while tensors[-1] is None:
        tensors.pop()
    return run(LayerNorm, *tensors, axes=len(wanted), eps=eps)


@composite("normalize")
def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Return input / max(‖input‖_p, eps) along `dim`."""
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps)
    return input / norm  # type: ignore[no-any-return]
