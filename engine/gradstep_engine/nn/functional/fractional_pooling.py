"""Maximum pooling over windows at random places (Graham, 2014), as functions."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.creation_random import rand
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.nn.functional.running import run
from gradstep_engine.nn.functional.sizes import per_axis
from gradstep_engine.ops.fractional_pooling import FractionalMaxPool
from gradstep_engine.tensor import Tensor, wrap

_AXES = {2: ("height", "width"), 3: ("time", "height", "width")}


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Return the largest element of each of `output_size` windows of (..., C, H, W).

    The windows begin at random places, about evenly apart; `_random_samples` (N, C, 2) in [0, 1)
    replaces the random numbers.

    Raises:
        ValueError: neither `output_size` nor `output_ratio` is given.
        RuntimeError: the windows do not fit.
    """
    result, indices = _pooled(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return (result, indices) if return_indices else result


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Return the largest element of each of `output_size` windows of (..., C, D, H, W).

    Raises:
        ValueError: neither `output_size` nor `output_ratio` is given.
        RuntimeError: the windows do not fit.
    """
    result, indices = _pooled(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return (result, indices) if return_indices else result


def fractional_max_pool2d_with_indices(*args: Any, **kwargs: Any) -> Any:
    """Return what `fractional_max_pool2d` returns, and where the elements lie."""
    return fractional_max_pool2d(*args, **{**kwargs, "return_indices": True})


def fractional_max_pool3d_with_indices(*args: Any, **kwargs: Any) -> Any:
    """Return what `fractional_max_pool3d` returns, and where the elements lie."""
    return fractional_max_pool3d(*args, **{**kwargs, "return_indices": True})


def _pooled(
    axes: int, input: Tensor, kernel_size: Any, output_size: Any, ratio: Any, samples: Any
) -> tuple[Tensor, Tensor]:
    name = f"fractional_max_pool{axes}d"
    shape = input._array.shape
    sizes = shape[-axes:]
    if output_size is None:
        if ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        ratios = ratio if isinstance(ratio, (tuple, list)) else (ratio,) * axes
        output_size = [int(size * each) for size, each in zip(sizes, ratios, strict=True)]
    kernel, wanted = per_axis(kernel_size, axes), per_axis(output_size, axes)
    for axis, (size, width, out) in enumerate(zip(sizes, kernel, wanted, strict=True)):
        if out + width - 1 > size:
            where = "_out()" if axes == 3 else "()"
            what = _AXES[axes][axis]
            raise RuntimeError(
                f"{name}{where}: pool {what} {width} too large relative to input {what} {size}"
            )
    if samples is None:
        batch = 1 if len(shape) == axes + 1 else shape[0]
        samples = rand(batch, shape[-axes - 1], axes, dtype=of_numpy(input._array.dtype))
    numbers = samples._array
    # Two axes take their numbers from the last to the first, three from the first to the last.
    order = range(axes) if axes == 3 else range(axes - 1, -1, -1)
    starts = tuple(
        _starts(numbers[:, :, number], sizes[axis], kernel[axis], wanted[axis])
        for axis, number in enumerate(order)
    )
    node = f"FractionalMaxPool{axes}DBackward0"
    result = run(FractionalMaxPool, input, name=name, node_name=node, kernel=kernel, starts=starts)
    probe = FractionalMaxPool()
    probe.forward(input._array, name, node, kernel, starts)
    return result, wrap(probe.indices)


def _starts(samples: Any, size: int, width: int, out: int) -> Any:
    """Return (N, C, out): where windows begin; the last one ends at the edge."""
    starts = np.full((*samples.shape, out), size - width, np.int64)
    if out > 1:
        step = np.asarray((size - width) / (out - 1), samples.dtype)
        moved = samples[..., None] + np.arange(out - 1, dtype=samples.dtype)
        starts[..., :-1] = np.trunc(moved * step) - np.trunc(samples[..., None] * step)
    return starts
