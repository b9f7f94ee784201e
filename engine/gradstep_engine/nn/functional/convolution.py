"""Convolutions as functions."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.functional.convolution_checks import (
    check_convolution,
    check_transposed,
    steps_of,
)
from gradstep_engine.nn.functional.padding import pad
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.convolution import Convolution, TransposedConvolution
from gradstep_engine.ops.correlation import Steps, correlation_of
from gradstep_engine.tensor import Tensor


def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve (N, C, L) or (C, L) with weight (O, C / groups, k); see `conv2d`."""
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


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
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Tensor:
    """Convolve (N, C, D, H, W) or (C, D, H, W) with (O, C / groups, kd, kh, kw); see `conv2d`."""
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups)


def _convolve(
    axes: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> Tensor:
    if input._array.ndim == axes + 1:
        batch = input.unsqueeze(0)
        return _convolve(axes, batch, weight, bias, stride, padding, dilation, groups).squeeze(0)
    if isinstance(padding, str):
        return _convolve_named(axes, input, weight, bias, stride, padding, dilation, groups)
    steps = steps_of(axes, input, weight, stride, padding, dilation, groups)
    check_convolution(axes, input, weight, bias, steps)
    inputs = (input, weight) if bias is None else (input, weight, bias)
    return run(
        Convolution,
        *inputs,
        stride=steps.stride,
        padding=steps.padding,
        dilation=steps.dilation,
        groups=groups,
    )


def _convolve_named(
    axes: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: str,
    dilation: Any,
    groups: int,
) -> Tensor:
    """Convolve with as much padding as `valid` or `same` stand for."""
    if padding not in ("valid", "same"):
        raise RuntimeError(f"Invalid padding string: '{padding}'")
    if padding == "valid":
        return _convolve(axes, input, weight, bias, stride, 0, dilation, groups)
    steps = steps_of(axes, input, weight, stride, 0, dilation, groups)
    if steps.stride != (1,) * axes:
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    kernel = weight._array.shape[2:]
    spans = [d * (k - 1) for d, k in zip(steps.dilation, kernel, strict=True)]
    if any(span % 2 for span in spans):
        # The odd zero goes to the far end, as in PyTorch.
        beyond = [count for span in reversed(spans) for count in (0, span % 2)]
        input = pad(input, beyond)
    margins = [span // 2 for span in spans]
    return _convolve(axes, input, weight, bias, stride, margins, dilation, groups)


def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Spread (N, C, L) or (C, L) by weight (C, O / groups, k); see `conv_transpose2d`."""
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Spread (N, C, H, W) or (C, H, W) by weight (C, O / groups, kh, kw).

    What a convolution with the same arguments does to the gradient of its input.

    Args:
        input: the images.
        weight: one kernel for each input channel.
        bias: (O), added to each channel.
        stride: step between the places where kernels are laid down.
        padding: how much of the result is cut off at every side.
        output_padding: how much larger the result is made at the far side.
        groups: into how many independent groups the channels are split.
        dilation: step between the elements of a kernel.

    Raises:
        RuntimeError: shapes or dtypes do not fit together.
    """
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Tensor:
    """Spread (N, C, D, H, W) by weight (C, O / groups, kd, kh, kw); see `conv_transpose2d`."""
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _transposed(
    axes: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: int,
    dilation: Any,
) -> Tensor:
    if input._array.ndim == axes + 1:
        batch = input.unsqueeze(0)
        return _transposed(
            axes, batch, weight, bias, stride, padding, output_padding, groups, dilation
        ).squeeze(0)
    steps = steps_of(axes, input, weight, stride, padding, dilation, groups, transposed=True)
    further, size = check_transposed(axes, input, weight, bias, steps, output_padding)
    if any(more >= step for more, step in zip(further, steps.stride, strict=True)):
        return _transposed_and_padded(axes, input, weight, bias, steps, further)
    shape = (len(input._array), weight._array.shape[1] * groups, *size)
    correlation = correlation_of(shape, weight._array.shape, steps)
    inputs = (input, weight) if bias is None else (input, weight, bias)
    return run(TransposedConvolution, *inputs, correlation=correlation)


@composite("conv_transpose")
def _transposed_and_padded(
    axes: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    steps: Steps,
    further: tuple[int, ...],
) -> Tensor:
    """Make the result larger than any window reaches, which only dilation allows."""
    margins = [count for more in reversed(further) for count in (0, more)]
    bare = _transposed(
        axes, input, weight, None, steps.stride, steps.padding, 0, steps.groups, steps.dilation
    )
    larger = pad(bare, margins)
    return larger if bias is None else larger + bias.reshape(-1, *(1,) * axes)
