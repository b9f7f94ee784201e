"""Images sampled where a grid says: what spatial transformers are made of."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradstep_engine.autograd.report import composite
from gradstep_engine.missing import missing
from gradstep_engine.tensor import Tensor, wrap

_DEFAULT = (
    "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. "
    "Please specify align_corners=True if the old behavior is desired. See the documentation of "
    "grid_sample for details."
)


@composite("affine_grid")
def affine_grid(theta: Tensor, size: Any, align_corners: bool | None = None) -> Tensor:
    """Return for every pixel of (N, C, H, W) where an affine map takes it: (N, H, W, 2).

    Args:
        theta: the maps (N, 2, 3), from the result's coordinates to the input's, both in ±1.
        size: that of the result.
        align_corners: whether ±1 are the centres of the corner pixels or the image's edges.

    Raises:
        ValueError: `theta` does not fit `size`.
    """
    if align_corners is None:
        warnings.warn(_DEFAULT, stacklevel=2)
        align_corners = False
    if len(size) == 5:
        raise missing("torch.nn.functional.affine_grid for volumes")
    batch, _, height, width = size
    if theta._array.shape != (batch, 2, 3):
        raise ValueError(
            f"Expected a batch of 2D affine matrices of shape Nx2x3 for size {tuple(size)}. Got "
            f"{theta.shape}."
        )
    columns, rows = (_coordinates(n, align_corners) for n in (width, height))
    base = np.ones((height, width, 3))
    base[..., 0] = columns
    base[..., 1] = rows[:, None]
    places = wrap(base.reshape(1, -1, 3).astype(theta._array.dtype))
    result: Tensor = (places @ theta.transpose(1, 2)).reshape(batch, height, width, 2)
    return result


def _coordinates(count: int, align_corners: bool) -> Any:
    if align_corners:
        return np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
    return (np.arange(count) * 2 + 1) / count - 1


@composite("grid_sampler")
def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Return (N, C, H, W) at the places of a grid: (N, C, OH, OW).

    Args:
        input: the images.
        grid: (N, OH, OW, 2), x and y of every pixel of the result, in ±1.
        mode: `bilinear` or `nearest`.
        padding_mode: what lies outside: `zeros`, or the `border`.
        align_corners: whether ±1 are the centres of the corner pixels or the image's edges.

    Raises:
        RuntimeError: the shapes do not fit together.
        ValueError: there is no such mode.
    """
    _check(input, grid, mode, padding_mode)
    if align_corners is None:
        warnings.warn(_DEFAULT, stacklevel=2)
        align_corners = False
    _, _, height, width = input._array.shape
    x = _pixels(grid.select(3, 0), width, align_corners)
    y = _pixels(grid.select(3, 1), height, align_corners)
    if padding_mode == "border":
        x, y = x.clamp(0, width - 1), y.clamp(0, height - 1)
    if mode == "nearest":
        picked = _pick(input, np.rint(x._array), np.rint(y._array))
        if not grid.requires_grad:
            return picked
        # As in PyTorch the grid gets a gradient, which is zero.
        still: Tensor = picked + (x.round() + y.round()).unsqueeze(1) * 0
        return still
    left, top = np.floor(x._array), np.floor(y._array)
    to_right, to_bottom = (x - wrap(left)).unsqueeze(1), (y - wrap(top)).unsqueeze(1)
    to_left, to_top = 1 - to_right, 1 - to_bottom
    result: Tensor = (
        _pick(input, left, top) * to_left * to_top
        + _pick(input, left + 1, top) * to_right * to_top
        + _pick(input, left, top + 1) * to_left * to_bottom
        + _pick(input, left + 1, top + 1) * to_right * to_bottom
    )
    return result


def _pixels(coordinates: Tensor, count: int, align_corners: bool) -> Tensor:
    """Return coordinates in ±1 as pixels."""
    if align_corners:
        aligned: Tensor = (coordinates + 1) * ((count - 1) / 2)
        return aligned
    result: Tensor = ((coordinates + 1) * count - 1) / 2
    return result


def _pick(input: Tensor, columns: Any, rows: Any) -> Tensor:
    """Return the pixels at (N, OH, OW) places, zero outside: (N, C, OH, OW)."""
    batch, channels, height, width = input._array.shape
    with np.errstate(invalid="ignore"):
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        flat = np.where(inside, rows * width + columns, 0).astype(np.int64)
    index = np.broadcast_to(flat.reshape(batch, 1, -1), (batch, channels, flat[0].size))
    picked = input.reshape(batch, channels, -1).gather(2, wrap(np.ascontiguousarray(index)))
    mask = wrap(inside[:, None].astype(input._array.dtype))
    result: Tensor = picked.reshape(batch, channels, *columns.shape[1:]) * mask
    return result


def _check(input: Tensor, grid: Tensor, mode: str, padding_mode: str) -> None:
    name = "nn.functional.grid_sample()"
    if mode not in ("bilinear", "nearest", "bicubic"):
        raise ValueError(
            f"{name}: expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in ("zeros", "border", "reflection"):
        raise ValueError(
            f"{name}: expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    if mode == "bicubic":
        raise missing("torch.nn.functional.grid_sample(mode='bicubic')")
    if padding_mode == "reflection":
        raise missing("torch.nn.functional.grid_sample(padding_mode='reflection')")
    images, places = list(input._array.shape), list(grid._array.shape)
    if len(images) == 5:
        raise missing("torch.nn.functional.grid_sample for volumes")
    if images[0] != places[0]:
        raise RuntimeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with "
            f"sizes {images} and grid with sizes {places}"
        )
    if places[-1] != 2:
        raise RuntimeError(
            "grid_sampler(): expected grid to have size 2 in last dimension, but got grid with "
            f"sizes {places}"
        )
