"""Images in another size, and sampled where a grid says."""

from __future__ import annotations

import math
import warnings
from typing import Any

from gradstep_engine.missing import missing
from gradstep_engine.nn.functional.pooling import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
)
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.resampling import Interpolate
from gradstep_engine.tensor import Tensor

_AXES = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"
_FORMAT = "Please provide input tensor in (N, C, d1, d2, ...,dK) format and {} in {} format."
_AREA: dict[int, Any] = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Return (N, C, *axes) in another size.

    Args:
        input: sequences, images or volumes.
        size: the size wanted, one number or one for each axis.
        scale_factor: how many times larger, likewise; either this or `size`.
        mode: `nearest`, `nearest-exact`, `linear`, `bilinear`, `bicubic`, `trilinear` or `area`.
        align_corners: whether corner elements keep their values, or corners of pixels coincide.
        recompute_scale_factor: use the factor that the rounded size stands for.
        antialias: not supported.

    Raises:
        NotImplementedError: there is no such mode for so many axes.
        ValueError: size, factor and mode do not fit together.
    """
    if mode == "lanczos":
        raise missing("torch.nn.functional.interpolate(mode='lanczos')")
    if antialias:
        raise missing("torch.nn.functional.interpolate(antialias=True)")
    if align_corners is not None and (mode in ("area",) or mode.startswith("nearest")):
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: "
            "linear | bilinear | bicubic | trilinear"
        )
    old = input._array.shape[2:]
    wanted, factors = _sizes(old, size, scale_factor)
    _check_mode(input, mode)
    if min(wanted) <= 0:
        names = "DHW"[3 - len(old) :]
        shown = [
            ", ".join(f"{n}: {v}" for n, v in zip(names, numbers, strict=True))
            for numbers in (old, wanted)
        ]
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({shown[0]}) output "
            f"({shown[1]})"
        )
    if mode == "area":
        result: Tensor = _AREA[len(old)](input, wanted)
        return result
    if factors is None or recompute_scale_factor:
        scales = tuple(a / b for a, b in zip(old, wanted, strict=True))
    else:
        scales = tuple(1 / factor for factor in factors)
    return run(
        Interpolate,
        input,
        size=wanted,
        scales=scales,
        mode=mode,
        align_corners=bool(align_corners),
    )


def _sizes(
    old: tuple[int, ...], size: Any, factor: Any
) -> tuple[tuple[int, ...], tuple[float, ...] | None]:
    """Return the size of the result, and the factors if they were given."""
    if size is not None and factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        wanted = tuple(size) if isinstance(size, (tuple, list)) else (size,) * len(old)
        if len(wanted) != len(old):
            raise ValueError(
                "Input and output must have the same number of spatial dimensions, but got input "
                f"with spatial dimensions of {list(old)} and output size of {size}. "
                + _FORMAT.format("output size", "(o1, o2, ...,oK)")
            )
        return tuple([int(each) for each in wanted]), None
    if factor is None:
        raise ValueError("either size or scale_factor should be defined")
    factors = tuple(factor) if isinstance(factor, (tuple, list)) else (factor,) * len(old)
    if len(factors) != len(old):
        raise ValueError(
            "Input and scale_factor must have the same number of spatial dimensions, but got input "
            f"with spatial dimensions of {list(old)} and scale_factor of shape {factor}. "
            + _FORMAT.format("scale_factor", "(s1, s2, ...,sK)")
        )
    factors = tuple([float(each) for each in factors])
    return tuple([math.floor(n * f) for n, f in zip(old, factors, strict=True)]), factors


def _check_mode(input: Tensor, mode: str) -> None:
    ndim = input._array.ndim
    if mode in _AXES and ndim in (3, 4, 5):
        if ndim != _AXES[mode] + 2:
            raise NotImplementedError(
                f"Got {ndim}D input, but {mode} mode needs {_AXES[mode] + 2}D input"
            )
        return
    if ndim not in (3, 4, 5) or mode not in ("nearest", "nearest-exact", "area"):
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the "
            f"modes: {_MODES} (got {mode})"
        )


def upsample(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Tensor:
    """Do what `interpolate` does, which replaces it."""
    warnings.warn(
        "`nn.functional.upsample` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Do what `interpolate` does by nearest elements, which replaces it."""
    warnings.warn(
        "`nn.functional.upsample_nearest` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Do what `interpolate` does linearly with aligned corners, which replaces it."""
    warnings.warn(
        "`nn.functional.upsample_bilinear` is deprecated. Use `nn.functional.interpolate` instead.",
        stacklevel=2,
    )
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)
