"""Convolutions as functions."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.function import composite
from gradstep_engine.nn.functional.names import c_name
from gradstep_engine.nn.functional.running import run
from gradstep_engine.nn.functional.sizes import pair
from gradstep_engine.ops.convolution import Convolution
from gradstep_engine.tensor import Tensor


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve (N, C, H, W) or (C, H, W) with weight (O, C / groups, kh, kw).

    Args:
        input: the images.
        weight: one kernel for each output channel.
        bias: (O), added to each channel.
        stride: step between windows, one number or (rows, columns).
        padding: zeros around the image, one number or a pair, or `valid` or `same`.
        dilation: step between the elements that a kernel sees.
        groups: into how many independent groups the channels are split.

    Raises:
        RuntimeError: shapes or dtypes do not fit together.
    """
    steps, spread = pair(stride), pair(dilation)
    if input._array.ndim == 3:
        batch = input.unsqueeze(0)
        return conv2d(batch, weight, bias, stride, padding, dilation, groups).squeeze(0)
    _check(input, weight, bias, groups, "conv2d", 2)
    margins = _margins(padding, steps, spread, weight._array.shape[2:])
    _check_size(input._array.shape[2:], weight._array.shape[2:], margins, spread)
    inputs = (input, weight) if bias is None else (input, weight, bias)
    return run(
        Convolution,
        *inputs,
        stride=steps,
        padding=margins,
        dilation=spread,
        groups=groups,
    )


@composite("conv1d")
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve (N, C, L) or (C, L) with weight (O, C / groups, k): a 2-d image of height 1.

    Raises:
        RuntimeError: shapes or dtypes do not fit together.
    """
    if input._array.ndim == 2:
        batch = input.unsqueeze(0)
        return conv1d(batch, weight, bias, stride, padding, dilation, groups).squeeze(0)
    _check(input, weight, bias, groups, "conv1d", 1)
    steps, spread = (1, _single(stride)), (1, _single(dilation))
    if isinstance(padding, str):
        margins = _margins(padding, steps, spread, (1, *weight._array.shape[2:]))
    else:
        margins = (0, _single(padding))
    size = (1, *input._array.shape[2:])
    _check_size(size, (1, *weight._array.shape[2:]), margins, spread)
    image, kernel = input.unsqueeze(2), weight.unsqueeze(2)
    inputs = (image, kernel) if bias is None else (image, kernel, bias)
    result = run(
        Convolution, *inputs, stride=steps, padding=margins, dilation=spread, groups=groups
    )
    return result.squeeze(2)


def _single(value: Any) -> int:
    return int(value[0]) if isinstance(value, (tuple, list)) else int(value)


def _margins(
    padding: Any, stride: tuple[int, int], dilation: tuple[int, int], kernel: tuple[int, ...]
) -> tuple[int, int]:
    if not isinstance(padding, str):
        return pair(padding)
    if padding == "valid":
        return (0, 0)
    if padding != "same":
        raise RuntimeError("padding must be 'valid' or 'same' where it is a name")
    if stride != (1, 1):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    spans = [dilation[axis] * (kernel[axis] - 1) for axis in (0, 1)]
    if any(span % 2 for span in spans):
        from gradstep_engine.missing import missing

        raise missing("padding='same' for kernels of even size")
    return (spans[0] // 2, spans[1] // 2)


def _check(
    input: Tensor, weight: Tensor, bias: Tensor | None, groups: int, name: str, axes: int
) -> None:
    x, w = input._array, weight._array
    if x.ndim != axes + 2:
        raise RuntimeError(
            f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {name}, but got "
            f"input of size: {list(x.shape)}"
        )
    if x.shape[1] != w.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(w.shape)}, expected "
            f"input{list(x.shape)} to have {w.shape[1] * groups} channels, but got {x.shape[1]} "
            "channels instead"
        )
    other, what = (bias._array, "bias") if bias is not None else (w, "weight")
    if x.dtype != other.dtype:
        raise RuntimeError(
            f"Input type ({c_name(x.dtype)}) and {what} type ({c_name(other.dtype)}) should be "
            "the same"
        )


def _check_size(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    padding: tuple[int, int],
    dilation: tuple[int, int],
) -> None:
    padded = [size[axis] + 2 * padding[axis] for axis in (0, 1)]
    spans = [dilation[axis] * (kernel[axis] - 1) + 1 for axis in (0, 1)]
    if padded[0] < spans[0] or padded[1] < spans[1]:
        raise RuntimeError(
            f"Calculated padded input size per channel: ({padded[0]} x {padded[1]}). Kernel size: "
            f"({spans[0]} x {spans[1]}). Kernel size can't be greater than actual input size"
        )
