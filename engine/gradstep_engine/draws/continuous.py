"""Real numbers at random: uniform, normal and what follows from one of them by a formula."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.randomness import Generator

_SINGLE = np.uint32(2**24 - 1)
_STEP = np.float32(2.0**-24)
_DOUBLE = np.uint64(2**53 - 1)
_BLOCK = 16  # normal numbers are made so many at a time, where there are as many
_CHUNK = 16384
_TURN = 2 * math.pi


def unit(stream: Generator, count: int) -> Any:
    """Return float64 numbers from [0, 1) with 53 random bits."""
    if count <= _CHUNK:
        return (stream.draw_wide(count) & _DOUBLE) * 2.0**-53
    result = np.empty(count)
    for start in range(0, count, _CHUNK):
        part = result[start : start + _CHUNK]
        np.multiply(stream.draw_wide(len(part)) & _DOUBLE, 2.0**-53, out=part)
    return result


def standard_uniform(stream: Generator, count: int, dtype: Any) -> Any:
    """Return numbers from [0, 1); single and half precision take 24 random bits."""
    if dtype == np.float64:
        return unit(stream, count)
    if count <= _CHUNK:
        result = (stream.draw(count) & _SINGLE).astype(np.float32)
    else:
        result = np.empty(count, np.float32)
        for start in range(0, count, _CHUNK):  # what fits a cache goes through all steps at once
            part = result[start : start + _CHUNK]
            part[...] = stream.draw(len(part)) & _SINGLE
    result *= _STEP
    return result if dtype == np.float32 else _closed(result.astype(dtype), 0, 1)


def uniform(stream: Generator, count: int, dtype: Any, low: float, high: float) -> Any:
    """Return numbers from [low, high): u · (high − low) + low, rounded once."""
    if low == 0 and high == 1:
        return standard_uniform(stream, count, dtype)
    if dtype == np.float64:
        return _closed(_fused(unit(stream, count), high - low, low), low, high)
    start = np.float32(low)
    width = np.float32(high) - start
    # 24 bits times 24 bits fit a double, so that only the sum and the last step round.
    scale, offset = float(width) * 2.0**-24, float(start)
    result = np.empty(count, np.float32)
    for first in range(0, count, _CHUNK):
        part = result[first : first + _CHUNK]
        wide = (stream.draw(len(part)) & _SINGLE) * scale
        np.add(wide, offset, out=part, casting="same_kind")
    return _closed(result.astype(dtype, copy=False), low, high)


def _closed(values: Any, low: float, high: float) -> Any:
    """Turn what rounding brought up to `high`, which is excluded, into `low`."""
    over = values == values.dtype.type(high)
    if low < high and over.any():
        values[over] = low
    return values


def _fused(x: Any, factor: float, addend: float) -> Any:
    """Return x · factor + addend as if rounded once (Dekker's product, Knuth's sum)."""
    product = x * factor
    x_high = _high(x)
    factor_high = _high(factor)
    x_low, factor_low = x - x_high, factor - factor_high
    lost = x_high * factor_high - product + x_high * factor_low + x_low * factor_high
    lost += x_low * factor_low
    total = product + addend
    taken = total - product
    lost += (product - (total - taken)) + (addend - taken)
    return total + lost


def _high(x: Any) -> Any:
    scaled = x * 134217729.0  # 2²⁷ + 1 splits 53 bits in two halves
    return scaled - (scaled - x)


def normal(
    stream: Generator, count: int, dtype: Any, mean: float, std: float, dense: bool = True
) -> Any:
    """Return normal numbers by the method of Box and Muller (1958).

    From 16 numbers on in `dense` memory in blocks of the target's precision, otherwise one by one
    in double precision; torch does so too.
    """
    if not dense or count < _BLOCK:
        return np.array(normals(stream, count, mean, std), np.float64).astype(dtype)
    whole = count // _BLOCK * _BLOCK
    if dtype == np.float16:
        return _in_half_precision(stream, count, whole, mean, std)
    if whole == count:
        return _blocks(standard_uniform(stream, count, dtype), mean, std)
    # The numbers past the last whole block are dropped: the last 16 are drawn anew.
    u = standard_uniform(stream, count + _BLOCK, dtype)
    u[whole : whole + _BLOCK] = u[count:]
    result = _blocks(u[: whole + _BLOCK], mean, std)
    last = result[whole:]
    result = result[:count]
    result[-_BLOCK:] = last.copy()
    return result


def _in_half_precision(stream: Generator, count: int, whole: int, mean: float, std: float) -> Any:
    result = np.empty(count, np.float16)
    result[:whole] = _blocks(standard_uniform(stream, whole, np.float32), mean, std)
    if whole < count:
        result[-_BLOCK:] = _blocks(standard_uniform(stream, _BLOCK, np.float32), mean, std)
    return result


def _blocks(u: Any, mean: float, std: float) -> Any:
    """Turn blocks of 16 uniform numbers into normal ones: 8 radii, 8 angles."""
    kind = u.dtype.type
    blocks = u.reshape(-1, 2, _BLOCK // 2)
    radius = np.log(1 - blocks[:, 0])
    radius *= kind(-2)
    np.sqrt(radius, out=radius)
    angle = blocks[:, 1] * kind(_TURN)
    result = np.empty_like(blocks)
    np.multiply(np.cos(angle), radius, out=result[:, 0])
    np.multiply(np.sin(angle), radius, out=result[:, 1])
    if std != 1:
        result *= kind(std)
    if mean:
        result += kind(mean)
    return result.reshape(-1)


def normals(stream: Generator, count: int, mean: float = 0.0, std: float = 1.0) -> list[float]:
    """Return normal numbers made in pairs; the stream keeps the half of a pair nobody asked for."""
    drawn: list[float] = []
    if count and stream.spare_normal is not None:
        drawn.append(stream.spare_normal)
        stream.spare_normal = None
    pairs = (count - len(drawn) + 1) // 2
    if pairs:
        u = unit(stream, 2 * pairs).tolist()
        for turn, level in zip(u[::2], u[1::2], strict=True):
            radius = math.sqrt(-2.0 * math.log1p(-level))
            drawn.append(radius * math.cos(_TURN * turn))
            drawn.append(radius * math.sin(_TURN * turn))
        if len(drawn) > count:
            stream.spare_normal = drawn.pop()
    return [x * std + mean for x in drawn] if std != 1 or mean else drawn


def normal_like(stream: Generator, array: Any, mean: float, std: float) -> Any:
    """Return normal numbers in the shape, type and memory order of `array`."""
    dense = array.flags.c_contiguous
    flat = normal(stream, array.size, array.dtype, mean, std, dense)
    return in_order_of_memory(array, flat)


def exponential(stream: Generator, count: int, dtype: Any, rate: float) -> Any:
    """Return exponential numbers: −log(1 − u) / rate."""
    drawn = np.log1p(-unit(stream, count))
    drawn *= -1.0 / rate
    return drawn.astype(dtype, copy=False)


def cauchy(stream: Generator, count: int, dtype: Any, median: float, sigma: float) -> Any:
    """Return Cauchy numbers: median + sigma · tan(π (u − ½))."""
    return (median + sigma * np.tan(math.pi * (unit(stream, count) - 0.5))).astype(dtype)


def log_normal(stream: Generator, count: int, dtype: Any, mean: float, std: float) -> Any:
    """Return numbers whose logarithm is normal."""
    return np.exp(np.array(normals(stream, count, mean, std), np.float64)).astype(dtype)


def slopes(stream: Generator, x: Any, low: float, high: float) -> Any:
    """Return a number from [low, high) where x ≤ 0, drawn only there, and 1 elsewhere."""
    result = np.ones(x.shape, x.dtype)
    below = x <= 0
    result[below] = unit(stream, int(np.count_nonzero(below))) * (high - low) + low
    return result


def gumbel(stream: Generator, shape: tuple[int, ...], dtype: Any) -> Any:
    """Return −log of exponential numbers."""
    return -np.log(exponential(stream, math.prod(shape), dtype, 1.0)).reshape(shape)


def in_order_of_memory(array: Any, flat: Any) -> Any:
    """Return `flat` in the shape of `array`, its values following each other as in its memory.

    So does torch fill a transposed tensor.
    """
    if array.flags.c_contiguous:
        return flat.reshape(array.shape)
    result = np.empty_like(array, dtype=flat.dtype, subok=False)
    result.ravel(order="K")[...] = flat
    return result
