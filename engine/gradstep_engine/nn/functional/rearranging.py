"""Pixels as channels and back, shuffled channels, blocks as columns."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.report import composite
from gradstep_engine.nn.functional.running import run
from gradstep_engine.nn.functional.sizes import pair
from gradstep_engine.ops.correlation import Steps
from gradstep_engine.ops.sliding_blocks import Blocks, Fold, Unfold
from gradstep_engine.tensor import Tensor


@composite("pixel_shuffle")
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Return (..., C·r², H, W) as (..., C, H·r, W·r).

    Raises:
        RuntimeError: the channels do not divide.
    """
    r, shape = upscale_factor, input._array.shape
    _check_image("pixel_shuffle", shape)
    *leading, channels, height, width = shape
    if channels % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    split = input.reshape(-1, channels // (r * r), r, r, height, width)
    mixed = split.permute(0, 1, 4, 2, 5, 3)
    result: Tensor = mixed.reshape(*leading, channels // (r * r), height * r, width * r)
    return result


@composite("pixel_unshuffle")
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Return (..., C, H·r, W·r) as (..., C·r², H, W).

    Raises:
        RuntimeError: the image does not divide.
    """
    r, shape = downscale_factor, input._array.shape
    _check_image("pixel_unshuffle", shape)
    *leading, channels, height, width = shape
    for what, size, axis in (("height", height, -2), ("width", width, -1)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {what} to be divisible by downscale_factor, but "
                f"input.size({axis})={size} is not divisible by {r}"
            )
    split = input.reshape(-1, channels, height // r, r, width // r, r)
    mixed = split.permute(0, 1, 3, 5, 2, 4)
    result: Tensor = mixed.reshape(*leading, channels * r * r, height // r, width // r)
    return result


def _check_image(name: str, shape: tuple[int, ...]) -> None:
    if len(shape) < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {len(shape)} "
            "dimension(s)"
        )


@composite("channel_shuffle")
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Return (N, C, ...) with the channels of all groups taking turns.

    Raises:
        RuntimeError: the channels do not divide.
    """
    batch, channels, *rest = input._array.shape
    if channels % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and {groups} "
            "groups."
        )
    split = input.reshape(batch, groups, channels // groups, *rest)
    result: Tensor = split.transpose(1, 2).reshape(batch, channels, *rest)
    return result


def unfold(
    input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Return the blocks of (N, C, H, W) as columns: (N, C·kh·kw, blocks).

    Raises:
        RuntimeError: the blocks do not fit.
    """
    if input._array.ndim == 3:
        return unfold(input.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    _check_dimensions("unfold", input, 4)
    kernel = pair(kernel_size)
    steps = Steps(pair(stride), pair(padding), pair(dilation))
    size = input._array.shape[2:]
    out = steps.out(size, kernel)
    if min(out) < 1:
        raise RuntimeError(
            f"Given input with spatial size {tuple(size)}, kernel_size={kernel}, "
            f"dilation={steps.dilation}, padding={steps.padding}, calculated shape of the array of "
            f"sliding blocks as ({max(out[0], 0)}, {max(out[1], 0)}), but its components must be "
            "at least one."
        )
    return run(Unfold, input, blocks=Blocks(input._array.shape, kernel, steps))


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Tensor:
    """Return the images that columns (N, C·kh·kw, blocks) add up to: (N, C, *output_size).

    Raises:
        RuntimeError: the columns are not as many as the blocks of such images.
    """
    if input._array.ndim == 2:
        batch = input.unsqueeze(0)
        return fold(batch, output_size, kernel_size, dilation, padding, stride).squeeze(0)
    _check_dimensions("fold", input, 3)
    size, kernel = pair(output_size), pair(kernel_size)
    steps = Steps(pair(stride), pair(padding), pair(dilation))
    batch_size, rows, columns = input._array.shape
    if rows % (kernel[0] * kernel[1]):
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, "
            f"but got input.size(1)={rows} and kernel_size={kernel}."
        )
    out = steps.out(size, kernel)
    if out[0] * out[1] != columns:
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={steps.dilation}, "
            f"padding={steps.padding}, stride={steps.stride}, expected size of input's dimension 2 "
            f"to match the calculated number of sliding blocks {out[0]} * {out[1]} = "
            f"{out[0] * out[1]}, but got input.size(2)={columns}."
        )
    shape = (batch_size, rows // (kernel[0] * kernel[1]), *size)
    return run(Fold, input, blocks=Blocks(shape, kernel, steps))


def _check_dimensions(name: str, input: Tensor, wanted: int) -> None:
    if input._array.ndim != wanted:
        raise RuntimeError(
            f"{name}: expected {wanted - 1}D or {wanted}D input, but got input of size "
            f"{list(input._array.shape)}"
        )
