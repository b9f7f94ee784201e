"""Normalisation as functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from gradstep_engine.autograd.report import composite
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.missing import missing
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops import normalization as ops
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.ops.response import LocalResponseNorm
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
        RuntimeError: the channels or types do not match.
    """
    x = input._array
    channels = x.shape[axis_of(1, x.ndim)]
    if training and x.size == channels:
        raise ValueError(
            f"Expected more than 1 value per channel when training, got input size {Size(x.shape)}"
        )
    for name, tensor in (
        ("running_mean", running_mean),
        ("running_var", running_var),
        ("weight", weight),
        ("bias", bias),
    ):
        if tensor is not None and tensor._array.size != channels:
            raise RuntimeError(
                f"{name} should contain {channels} elements not {tensor._array.size}"
            )
        if tensor is None and not training and name.startswith("running"):
            raise RuntimeError(f"{name} must be defined in evaluation mode")
    if x.dtype == np.float16:
        running = (running_mean, running_var)
        wide = _widened(input, weight, bias)
        made = batch_norm(wide[0], *running, wide[1], wide[2], training, momentum, eps)
        return made.half()  # type: ignore[no-any-return]
    _require_one_type("batch_norm", x, weight, bias, running_mean, running_var)
    if training:
        mean, variance = ops.batch_statistics(x)
        count = x.size // channels
        if running_mean is not None and x.size:
            _follow(running_mean, mean, momentum)
        if running_var is not None and x.size:
            _follow(running_var, variance * (count / (count - 1)), momentum)
    else:
        assert running_mean is not None
        assert running_var is not None
        # Copies: the running statistics may change before backward uses them.
        mean, variance = np.array(running_mean._array), np.array(running_var._array)
    statistics = (wrap(mean), wrap(variance))
    return run(ops.BatchNorm, input, weight, bias, *statistics, training=training, eps=eps)


def _require_one_type(name: str, x: Any, *others: Tensor | None) -> None:
    if x.dtype.kind != "f":
        kernel = {"layer_norm": "LayerNormKernelImpl", "group_norm": "GroupNormKernelImpl"}
        raise NotImplementedError(
            f"\"{kernel.get(name, name)}\" not implemented for '{of_numpy(x.dtype).cpu_type}'"
        )
    for other in others:
        # Half precision only in running statistics: what is computed is never.
        if other is not None and other._array.dtype not in (x.dtype, np.float16):
            raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")


def _follow(running: Tensor, value: Any, momentum: float) -> None:
    array = running._writable()
    array += momentum * (value - array)
    running._bump()


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise each channel of each sample of (N, C, ...) by itself.

    With `use_input_stats` by its own statistics, whose averages over the samples move the running
    ones by `momentum`; else by the running ones.

    Raises:
        ValueError: one value per channel.
        RuntimeError: the channels do not match.
    """
    x = input._array
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return batch_norm(input, running_mean, running_var, weight, bias, False, momentum, eps)
    count = math.prod(x.shape[2:])
    if count == 1:
        raise ValueError(
            f"Expected more than 1 spatial element when training, got input size {Size(x.shape)}"
        )
    channels = x.shape[1]
    if running_mean is not None and running_var is not None:
        planes = x.reshape(*x.shape[:2], -1)
        _follow(running_mean, planes.mean(axis=2).mean(axis=0), momentum)
        _follow(running_var, planes.var(axis=2, ddof=1).mean(axis=0), momentum)
    return _by_groups("instance_norm", ops.InstanceNorm, input, channels, weight, bias, eps)


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise groups of channels of each sample of (N, C, ...); weight and bias (C).

    Raises:
        RuntimeError: the channels do not match or cannot be divided.
        ValueError: one value per group.
    """
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError(
            f"Expected at least 2 dimensions for input tensor but received {len(shape)}"
        )
    if shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of "
            f"shape {list(shape)} and num_groups={num_groups}"
        )
    if shape[0] * (shape[1] // num_groups) * math.prod(shape[2:]) == 1:
        raise ValueError(
            "Expected more than 1 value per channel when training, got input size "
            f"{[shape[0], shape[1], *shape[2:]]}"
        )
    return _by_groups("group_norm", ops.GroupNorm, input, num_groups, weight, bias, eps)


def _by_groups(
    name: str,
    op: Any,
    input: Tensor,
    groups: int,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
) -> Tensor:
    shape = input._array.shape
    for what, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and tensor._array.shape != (shape[1],):
            raise RuntimeError(
                f"Expected {what} to be a vector of size equal to the number of channels in input, "
                f"but got {what} of shape {list(tensor._array.shape)} and input of shape "
                f"{list(shape)}"
            )
    if input._array.dtype == np.float16:
        wide = _widened(input, weight, bias)
        return _by_groups(name, op, wide[0], groups, wide[1], wide[2], eps).half()  # type: ignore[no-any-return]
    _require_one_type(name, input._array, weight, bias)
    return run(op, *_without_trailing_nones(input, weight, bias), groups=groups, eps=eps)


def _widened(*tensors: Tensor | None) -> Any:
    """Return half precision as single, in which torch computes it: squares would overflow."""
    return [tensor if tensor is None else tensor.float() for tensor in tensors]


def _without_trailing_nones(*tensors: Tensor | None) -> tuple[Tensor | None, ...]:
    count = len(tensors)
    while tensors[count - 1] is None:
        count -= 1
    return tensors[:count]


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over the last dimensions, whose sizes are `normalized_shape`.

    Raises:
        RuntimeError: the input, the weight or the bias does not end in that shape.
        TypeError: the shape is no sequence.
    """
    x = input._array
    # What every step of a model asks; the explanations only where it fails.
    if (
        weight is not None
        and bias is not None
        and x.shape[-1:] == normalized_shape
        and weight._array.shape == normalized_shape
        and bias._array.shape == normalized_shape
        and x.dtype is weight._array.dtype is bias._array.dtype
        and x.dtype.char in "fd"
    ):
        return run(ops.LayerNorm, input, weight, bias, axes=1, eps=eps)
    sizes = _checked_shape("layer_norm", x, normalized_shape, weight, bias)
    if x.dtype == np.float16:
        wide = _widened(input, weight, bias)
        return layer_norm(wide[0], normalized_shape, wide[1], wide[2], eps).half()  # type: ignore[no-any-return]
    _require_one_type("layer_norm", x, weight, bias)
    inputs = _without_trailing_nones(input, weight, bias)
    return run(ops.LayerNorm, *inputs, axes=len(sizes), eps=eps)


def rms_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Divide by the root mean square over the last dimensions, of sizes `normalized_shape`.

    `eps` is by default the machine epsilon of the input's type.

    Raises:
        RuntimeError: the input or the weight does not end in that shape.
    """
    x = input._array
    sizes = _checked_shape("rms_norm", x, normalized_shape, weight, None)
    _require_one_type("rms_norm", x, weight)
    chosen = float(np.finfo(x.dtype).eps) if eps is None else eps
    if x.dtype == np.float16:
        wide = _widened(input, weight)
        return rms_norm(wide[0], normalized_shape, wide[1], chosen).half()  # type: ignore[no-any-return]
    inputs = _without_trailing_nones(input, weight)
    return run(ops.RMSNorm, *inputs, axes=len(sizes), eps=chosen)


def _checked_shape(
    name: str, x: Any, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None
) -> list[int]:
    if not isinstance(normalized_shape, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not "
            f"{type(normalized_shape).__name__}"
        )
    sizes = list(normalized_shape)
    if not sizes:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one "
            "element, but got normalized_shape = []"
        )
    for what, tensor in (("weight", weight), ("bias", bias)):
        if tensor is not None and list(tensor._array.shape) != sizes:
            raise RuntimeError(
                f"Expected {what} to be of same shape as normalized_shape, but got {what} of shape "
                f"{list(tensor._array.shape)} and normalized_shape = {sizes}"
            )
    shape = list(x.shape)
    if len(shape) < len(sizes) or shape[len(shape) - len(sizes) :] != sizes:
        inner = ", ".join(map(str, sizes))
        star = "*" if name == "rms_norm" else "*, "
        raise RuntimeError(
            f"Given normalized_shape={sizes}, expected input with shape [{star}{inner}], but got "
            f"input of size{shape}"
        )
    return sizes


def local_response_norm(
    input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Tensor:
    """Divide by (k + alpha · mean of squares in a window of `size` channels)^beta.

    Raises:
        ValueError: the input has no dimension besides batch and channels.
    """
    rank = input._array.ndim
    if rank < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality                          input (got {rank} "
            "dimensions)"
        )
    return run(LocalResponseNorm, input, size=size, alpha=alpha, beta=beta, k=k)


@composite("normalize")
def normalize(
    input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Any = None
) -> Tensor:
    """Return input / max(‖input‖_p, eps) along `dim`."""
    if out is not None:
        raise missing("torch.nn.functional.normalize(out=...)")
    norm = input.norm(p, dim, keepdim=True).clamp_min(eps)
    return input / norm  # type: ignore[no-any-return]
