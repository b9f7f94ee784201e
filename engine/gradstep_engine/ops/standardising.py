"""What normalisations share: making rows of mean 0 and variance 1, and the way back.

With x̂ = (x − μ) / √(σ² + ε) over n elements and s what arrives at x̂:
∂/∂x = (s − mean(s) − x̂ mean(s x̂)) / √(σ² + ε).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

BLOCK = 32_768
"""Elements worked on at a time where all of them would not stay in the processor's cache."""


@lru_cache(maxsize=64)
def ones_of(count: int, dtype: Any) -> Any:
    """Return a vector of ones, to sum columns by a product: faster than along the slow axis."""
    return np.ones(count, dtype=dtype)


def as_rows(x: Any, axes: int) -> Any:
    """Return x with the last `axes` dimensions as one, and the others as another one."""
    first = x.ndim - axes
    return x.reshape(math.prod(x.shape[:first]), math.prod(x.shape[first:]))


def as_planes(x: Any) -> Any:
    """Return (N, C, ...) as (N, C, L)."""
    return x.reshape(*x.shape[:2], math.prod(x.shape[2:]))


def blocks(rows: Any) -> list[slice]:
    """Return slices of rows that stay in the processor's cache while they are worked on."""
    count = len(rows)
    if rows.size <= BLOCK:
        return [slice(count)]
    step = max(1, BLOCK // rows.shape[1])
    return [slice(start, start + step) for start in range(0, count, step)]


def as_block(vector: Any, rows: Any, parts: list[slice]) -> Any:
    """Return what belongs to every row as it is for each row of the largest part; None for None.

    numpy goes through a whole block several times faster than through one row after the other.
    """
    if vector is None:
        return None
    block = np.empty((parts[0].stop, rows.shape[1]), rows.dtype)
    block[...] = vector.reshape(-1)
    return block


def standardise(rows: Any, eps: float, centred: Any, mean: Any, inverse: Any) -> None:
    """Write x − μ of each row of (R, n), and μ and 1 / √(σ² + ε) as (R, 1)."""
    scale = rows.dtype.type(1 / max(rows.shape[1], 1))
    np.multiply(sums_of_rows(rows), scale, out=mean)
    np.subtract(rows, mean, out=centred)
    inverse[...] = inverse_root(np.vecdot(centred, centred)[:, None] * scale, eps)


def sums_of_rows(rows: Any) -> Any:
    """Return the sums of (R, n) as (R, 1); a product with ones is fastest where rows are short."""
    count = rows.shape[1]
    if count > 4096 or rows.itemsize < 4:
        return np.add.reduce(rows, axis=1, keepdims=True)
    return np.dot(rows, ones_of(count, rows.dtype))[:, None]


def inverse_root(variance: Any, eps: float) -> Any:
    """Return 1 / √(variance + ε), in the memory of `variance`."""
    variance += variance.dtype.type(eps)
    np.sqrt(variance, out=variance)
    return np.reciprocal(variance, out=variance)


def standardised_tensors(x: Any, dims: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """Do what `standardised` does in operations on tensors, over `dims`."""
    centred = x - x.mean(dims, keepdim=True)
    inverse = ((centred * centred).mean(dims, keepdim=True) + eps).rsqrt()
    return centred * inverse, inverse


def through_tensors(arrived: Any, normalized: Any, inverse: Any, dims: tuple[int, ...]) -> Any:
    """Do what `through_standardising` does in operations on tensors."""
    product = (arrived * normalized).mean(dims, keepdim=True)
    return (arrived - arrived.mean(dims, keepdim=True) - normalized * product) * inverse


def summed(x: Any, dims: tuple[int, ...]) -> Any:
    """Return a tensor summed over `dims`; no dimensions mean none here, all of them in torch."""
    return x.sum(dims) if dims else x


def per_channel(planes: Any) -> Any:
    """Return the sums of (N, C, L) over N and L."""
    if planes.shape[2] == 1:
        return np.dot(ones_of(len(planes), planes.dtype), planes[:, :, 0])
    return np.add.reduce(np.add.reduce(planes, axis=2), axis=0)


def product_per_plane(a: Any, b: Any) -> Any:
    """Return the sums of a · b over L, of (N, C, L)."""
    return (a * b)[:, :, 0] if a.shape[2] == 1 else np.vecdot(a, b)


def product_per_channel(a: Any, b: Any) -> Any:
    """Return the sums of a · b over N and L, without holding the products where L is long."""
    if a.shape[2] == 1:
        return np.dot(ones_of(len(a), a.dtype), a[:, :, 0] * b[:, :, 0])
    return np.add.reduce(np.vecdot(a, b), axis=0)
