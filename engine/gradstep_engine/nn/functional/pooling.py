"""Pooling over windows, as functions."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.functional.pooling_windows import adaptive_windows, pooling_windows
from gradstep_engine.nn.functional.running import run
from gradstep_engine.nn.functional.sizes import per_axis
from gradstep_engine.ops.max_pooling import MaxPool
from gradstep_engine.ops.pooling import AdaptiveAvgPool, AvgPool, MaxUnpool
from gradstep_engine.tensor import Tensor, wrap


def _max_pool(input: Tensor, windows: Any, name: str, node_name: str, return_indices: bool) -> Any:
    result = run(MaxPool, input, windows=windows, name=name, node_name=node_name)
    if not return_indices:
        return result
    probe = MaxPool()
    probe.windows = windows
    return result, wrap(probe.indices(input._array))


def max_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window of (..., C, L), and where it lies if asked.

    Raises:
        RuntimeError: the windows do not fit.
    """
    windows = pooling_windows(
        "max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode
    )
    return _max_pool(input, windows, "max_pool1d", "SqueezeBackward1", return_indices)


def max_pool2d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window of (..., C, H, W), and where it lies if asked.

    Raises:
        RuntimeError: the windows do not fit.
    """
    windows = pooling_windows(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode
    )
    return _max_pool(input, windows, "max_pool2d", "MaxPool2DWithIndicesBackward0", return_indices)


def max_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """Return the largest element of each window of (..., C, D, H, W), and where it lies if asked.

    Raises:
        RuntimeError: the windows do not fit.
    """
    windows = pooling_windows(
        "max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode
    )
    return _max_pool(input, windows, "max_pool3d", "MaxPool3DWithIndicesBackward0", return_indices)


def avg_pool1d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """Return the mean of each window of (..., C, L).

    Raises:
        RuntimeError: the windows do not fit.
    """
    windows = pooling_windows("avg_pool1d", 1, input, kernel_size, stride, padding, 1, ceil_mode)

    return run(
        AvgPool,
        input,
        windows=windows,
        count_include_pad=count_include_pad,
    )


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
    windows = pooling_windows("avg_pool2d", 2, input, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    return run(
        AvgPool,
        input,
        windows=windows,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )


def avg_pool3d(
    input: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the mean of each window of (..., C, D, H, W).

    Raises:
        RuntimeError: the windows do not fit.
    """
    windows = pooling_windows("avg_pool3d", 3, input, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    return run(
        AvgPool,
        input,
        windows=windows,
        count_include_pad=count_include_pad,
        divisor_override=divisor_override,
    )


def adaptive_avg_pool1d(input: Tensor, output_size: Any) -> Tensor:
    """Return means of windows chosen so that the result is `output_size`; None keeps an axis."""
    windows = adaptive_windows("adaptive_avg_pool1d", 1, input, output_size)
    return run(AdaptiveAvgPool, input, windows=windows)


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return maxima of windows chosen so that the result is `output_size`; None keeps an axis."""
    windows = adaptive_windows("adaptive_max_pool1d", 1, input, output_size)
    node = "SqueezeBackward1"
    return _max_pool(input, windows, "adaptive_max_pool1d", node, return_indices)


@composite("lp_pool1d")
def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return (Σ xᵖ)^(1/p) over each window."""
    means = avg_pool1d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(means, per_axis(kernel_size, 1), norm_type)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Return zeros with `input` at `indices`, which the pooling returned."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Return means of windows chosen so that the result is `output_size`; None keeps an axis."""
    windows = adaptive_windows("adaptive_avg_pool2d", 2, input, output_size)
    return run(AdaptiveAvgPool, input, windows=windows)


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return maxima of windows chosen so that the result is `output_size`; None keeps an axis."""
    windows = adaptive_windows("adaptive_max_pool2d", 2, input, output_size)
    node = "AdaptiveMaxPool2DBackward0"
    return _max_pool(input, windows, "adaptive_max_pool2d", node, return_indices)


@composite("lp_pool2d")
def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return (Σ xᵖ)^(1/p) over each window."""
    means = avg_pool2d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(means, per_axis(kernel_size, 2), norm_type)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Return zeros with `input` at `indices`, which the pooling returned."""
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Return means of windows chosen so that the result is `output_size`; None keeps an axis."""
    windows = adaptive_windows("adaptive_avg_pool3d", 3, input, output_size)
    return run(AdaptiveAvgPool, input, windows=windows)


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Return maxima of windows chosen so that the result is `output_size`; None keeps an axis."""
    windows = adaptive_windows("adaptive_max_pool3d", 3, input, output_size)
    node = "AdaptiveMaxPool3DBackward0"
    return _max_pool(input, windows, "adaptive_max_pool3d", node, return_indices)


@composite("lp_pool3d")
def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Tensor:
    """Return (Σ xᵖ)^(1/p) over each window."""
    means = avg_pool3d(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return _root(means, per_axis(kernel_size, 3), norm_type)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Any = None,
) -> Tensor:
    """Return zeros with `input` at `indices`, which the pooling returned."""
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)


def _root(means: Tensor, kernel: tuple[int, ...], norm_type: float) -> Tensor:
    count = 1
    for size in kernel:
        count *= size
    result: Tensor = (means.sign() * means.abs() * count).pow(1.0 / norm_type)
    return result


def _unpool(
    axes: int,
    input: Tensor,
    indices: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
) -> Tensor:
    kernel = per_axis(kernel_size, axes)
    step = per_axis(kernel_size if stride is None or stride == [] else stride, axes)
    margins = per_axis(padding, axes)
    sizes = zip(input._array.shape[-axes:], kernel, step, margins, strict=True)
    default = [(n - 1) * s + k - 2 * p for n, k, s, p in sizes]
    size = default if output_size is None else [int(n) for n in output_size][-axes:]
    if output_size is not None:
        for axis in range(axes):
            least, most = default[axis] - step[axis], default[axis] + step[axis]
            if not least < size[axis] < most:
                raise ValueError(
                    f'invalid output_size "{tuple(size)}" (dim {axis} must be between {least} '
                    f"and {most})"
                )
    plane = 1
    for each in size:
        plane *= each
    if indices._array.size and not 0 <= indices._array.min() <= indices._array.max() < plane:
        worst = indices._array.max() if indices._array.max() >= plane else indices._array.min()
        raise RuntimeError(
            f"Found an invalid max index: {worst} (output volumes are of size "
            f"{'x'.join(map(str, size))})"
        )
    if indices._array.shape != input._array.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor "
            f"({list(input._array.shape)}), but got {list(indices._array.shape)}"
        )
    return run(MaxUnpool, input, indices, size=tuple(size))
