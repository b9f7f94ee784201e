"""Pooling as functions."""

from __future__ import annotations

from typing import Any

from gradstep_engine.nn.functional.running import run
from gradstep_engine.nn.functional.sizes import pair
from gradstep_engine.ops.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d, Windows
from gradstep_engine.tensor import Tensor, wrap


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window of (..., C, H, W).

    Raises:
        RuntimeError: the windows do not fit.
    """
    kernel = pair(kernel_size)
    sizes: dict[str, Any] = {
        "kernel_size": kernel,
        "stride": kernel if stride is None or stride == [] else pair(stride),
        "padding": pair(padding),
        "dilation": pair(dilation),
        "ceil_mode": ceil_mode,
    }
    _check(input, kernel, sizes["stride"], sizes["padding"], sizes["dilation"], ceil_mode)
    if return_indices:
        probe = MaxPool2d()
        largest = probe.forward(input._array, **sizes)
        return run(MaxPool2d, input, **sizes), wrap(probe.indices(input._array, largest))
    return run(MaxPool2d, input, **sizes)


def avg_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the mean of each window of (..., C, H, W).

    Raises:
        RuntimeError: the windows do not fit.
    """
    kernel = pair(kernel_size)
    step = kernel if stride is None or stride == [] else pair(stride)
    margins = pair(padding)
    _check(input, kernel, step, margins, (1, 1), ceil_mode)
    return run(
        AvgPool2d,
        input,
        kernel_size=kernel,
        stride=step,
        padding=margins,
        ceil_mode=ceil_mode,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Return means of windows chosen so that the result is `output_size`; None keeps an axis."""
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    shape = input._array.shape
    sizes = [shape[axis - 2] if wanted[axis] is None else int(wanted[axis]) for axis in (0, 1)]
    return run(AdaptiveAvgPool2d, input, output_size=(sizes[0], sizes[1]))


def _check(
    input: Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    ceil_mode: bool,
) -> None:
    shape = input._array.shape
    if len(shape) not in (3, 4):
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    for axis in (0, 1):
        if padding[axis] * 2 > kernel[axis]:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got "
                f"pad={padding[axis]}, kernel_size={kernel[axis]} and dilation={dilation[axis]}"
            )
    out = Windows(shape, kernel, stride, padding, dilation, ceil_mode).out
    if min(out) < 1:
        channels, height, width = shape[-3:]
        raise RuntimeError(
            f"Given input size: ({channels}x{height}x{width}). Calculated output size: "
            f"({channels}x{out[0]}x{out[1]}). Output size is too small"
        )
