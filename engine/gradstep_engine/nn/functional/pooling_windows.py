"""The windows of a pooling from its arguments, and what PyTorch refuses."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gradstep_engine.nn.functional.sizes import per_axis
from gradstep_engine.ops.pooling_windows import AxisWindows, EvenWindows
from gradstep_engine.tensor import Tensor

_NUMBERS = {2: "two", 3: "three"}


def pooling_windows(
    name: str,
    axes: int,
    input: Tensor,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> tuple[AxisWindows, ...]:
    """Return the windows along each axis.

    Raises:
        RuntimeError: the numbers make no sense, or the windows do not fit.
    """
    shape = input._array.shape
    if len(shape) not in (axes + 1, axes + 2):
        _refuse_dimensions(name, axes, shape)
    kernel = _sizes(name, "kernel_size", kernel_size, axes)
    step = kernel if stride is None or stride == [] else _sizes(name, "stride", stride, axes)
    margins = _sizes(name, "padding", padding, axes)
    spread = _sizes(name, "dilation", dilation, axes)
    return _checked(name, shape[-axes - 1 :], kernel, step, margins, spread, bool(ceil_mode))


@lru_cache(maxsize=128)
def _checked(
    name: str,
    shape: tuple[int, ...],
    kernel: tuple[int, ...],
    step: tuple[int, ...],
    margins: tuple[int, ...],
    spread: tuple[int, ...],
    ceil_mode: bool,
) -> tuple[AxisWindows, ...]:
    if min(step) <= 0:
        raise RuntimeError("stride should not be zero")
    if min(kernel) <= 0:
        raise RuntimeError("kernel size should be greater than zero")
    for size, margin, spacing in zip(kernel, margins, spread, strict=True):
        if margin < 0 or margin * 2 > spacing * (size - 1) + 1:
            _refuse_padding(name, margin, size, spacing)
    channels, *sizes = shape
    windows = tuple(
        AxisWindows(*numbers, ceil_mode)
        for numbers in zip(sizes, kernel, step, margins, spread, strict=True)
    )
    if any(each.out < 1 for each in windows):
        _refuse_size(name, channels, sizes, [max(0, each.out) for each in windows])
    return windows


def adaptive_windows(
    name: str, axes: int, input: Tensor, output_size: Any
) -> tuple[EvenWindows, ...]:
    """Return the windows along each axis; None keeps its size.

    Raises:
        RuntimeError: the input has another number of dimensions.
    """
    shape = input._array.shape
    if len(shape) not in (axes + 1, axes + 2):
        if axes == 1:
            raise RuntimeError(
                f"Expected 2 to 3 dimensions, but got {len(shape)}-dimensional tensor for argument "
                f"#1 'self' (while checking arguments for {name})"
            )
        colon = ":" if "max" in name else ""
        raise RuntimeError(
            f"{name}(): Expected {axes + 1}D or {axes + 2}D tensor, but got{colon} {list(shape)}"
        )
    wanted = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * axes
    wanted = tuple(wanted) * (axes if len(wanted) == 1 else 1)
    return tuple(
        EvenWindows(size, size if out is None else int(out))
        for size, out in zip(shape[-axes:], wanted, strict=True)
    )


def _sizes(name: str, what: str, value: Any, axes: int) -> tuple[int, ...]:
    try:
        return per_axis(value, axes)
    except ValueError:
        count = _NUMBERS.get(axes, "one")
        raise RuntimeError(
            f"{name}: {what} must either be a single int, or a tuple of {count} ints"
        ) from None


def _refuse_dimensions(name: str, axes: int, shape: tuple[int, ...]) -> None:
    if name == "max_pool1d":
        raise RuntimeError(
            "max_pool1d: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for "
            f"input, but got:{list(shape)}"
        )
    if axes == 1:
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {len(shape)}-dimensional tensor for argument #1 "
            f"'self' (while checking arguments for {name})"
        )
    raise RuntimeError(
        f"non-empty {axes + 1}D or {axes + 2}D (batch mode) tensor expected for input"
    )


def _refuse_padding(name: str, padding: int, kernel: int, dilation: int) -> None:
    if name == "max_pool1d":
        raise RuntimeError(
            f"max_pool1d() padding should be at most half of kernel size, but got "
            f"padding={padding} and kernel_size={kernel}"
        )
    raise RuntimeError(
        f"pad should be at most half of effective kernel size, but got pad={padding}, "
        f"kernel_size={kernel} and dilation={dilation}"
    )


def _refuse_size(name: str, channels: int, sizes: list[int], out: list[int]) -> None:
    if name == "max_pool1d":
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {out[0]}")
    if len(sizes) == 1:
        sizes, out = [1, *sizes], [1, *out]  # PyTorch calls a sequence an image of height 1
    raise RuntimeError(
        f"Given input size: ({'x'.join(map(str, (channels, *sizes)))}). Calculated output size: "
        f"({'x'.join(map(str, (channels, *out)))}). Output size is too small"
    )
