"""Whole numbers at random, permutations, and choices by chance."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.draws.continuous import exponential, standard_uniform, unit
from gradstep_engine.randomness import Generator

_WIDE = 2**28  # from this range on torch takes 64 random bits for a number


def whole(stream: Generator, count: int, low: int, high: int) -> Any:
    """Return int64 numbers from [low, high): the remainder of 32 or 64 random bits."""
    span = high - low
    if span >= _WIDE:
        drawn = (stream.draw_wide(count) % np.uint64(span)).astype(np.int64)
    else:
        drawn = (stream.draw(count) % np.uint32(span)).astype(np.int64)
    if low:
        drawn += low
    return drawn


def any_whole(stream: Generator, count: int, dtype: Any) -> Any:
    """Return whole numbers from 0 to the greatest that `dtype` can tell from the next."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return (stream.draw(count) & np.uint32(1)).astype(kind)
    real = kind.kind == "f"
    greatest = 2 ** (np.finfo(kind).nmant + 1) if real else int(np.iinfo(kind).max)
    if kind.itemsize == 8:
        return (stream.draw_wide(count) % np.uint64(greatest + 1)).astype(kind)
    return (stream.draw(count) % np.uint32(greatest + 1)).astype(kind)


def permutation(stream: Generator, count: int) -> Any:
    """Return 0 … count − 1 in random order, by the shuffle of Fisher and Yates.

    The shuffle swaps place p, one after the other, with a random place o_p ≥ p. Without a loop: a
    place x is written to by the swaps with o_q = x, and the last of these before it is x's turn,
    its *source*, brings what stood at its own place then. So what stands at x in its turn,
    s(x), is s(source), or x itself without one; and p receives, where an earlier swap wrote to
    o_p, s of the latest of them, else o_p.
    """
    places = np.arange(count)
    if count < 2:
        return places
    others = places.copy()
    left = np.arange(count, 1, -1, dtype=np.uint32)
    others[:-1] += stream.draw(count - 1).astype(np.uint32, copy=False) % left
    # The swaps in the order of where they write to, then of time. Those with themselves do nothing.
    moving = (others != places).nonzero()[0]
    if not len(moving):
        return places
    bits = count.bit_length()
    keys = np.sort(others[moving] << bits | moving)
    targets, swaps = keys >> bits, keys & (1 << bits) - 1
    again = targets[1:] == targets[:-1]
    standing = places.copy()
    latest = np.append(~again, True)
    standing[targets[latest]] = swaps[latest]
    while True:
        further = standing[standing]
        if np.array_equal(further, standing):
            break
        standing = further
    result = standing.copy()
    result[swaps] = targets
    result[swaps[1:][again]] = standing[swaps[:-1][again]]
    return result


def coin(stream: Generator, count: int, chance: float) -> Any:
    """Return True with probability `chance`."""
    return unit(stream, count) < chance


def coins(stream: Generator, chances: Any) -> Any:
    """Return True with the probability that stands at each place of a flat array."""
    precision = np.float64 if chances.dtype == np.float64 else np.float32
    return standard_uniform(stream, chances.size, precision) < chances


def geometric(stream: Generator, count: int, chance: float) -> Any:
    """Return how many trials it takes until one succeeds: ⌈log u / log(1 − chance)⌉."""
    return np.ceil(np.log(unit(stream, count)) / np.log1p(-chance))


def choices(stream: Generator, weights: Any, count: int, replacement: bool) -> Any:
    """Return `count` columns for each row of `weights` (rows, columns), by weight.

    Without replacement the greatest weight / exponential number wins (the exponential clocks of
    Efraimidis and Spirakis, 2006); with it u is looked up in the cumulative weights.
    """
    rows, columns = weights.shape
    if not replacement or count == 1:
        clocks = exponential(stream, weights.size, weights.dtype, 1.0).reshape(rows, columns)
        with np.errstate(divide="ignore", invalid="ignore"):
            score = weights / clocks
        if count == 1:
            return np.argmax(score, axis=1)[:, None]
        return np.argsort(-score, axis=1, kind="stable")[:, :count]
    cumulative = np.add.accumulate(weights, axis=1)
    cumulative = cumulative / cumulative[:, -1:]
    cumulative[:, -1] = 1
    u = unit(stream, rows * count).reshape(rows, count)
    found = [np.searchsorted(row, level) for row, level in zip(cumulative, u, strict=True)]
    return np.array(found, np.int64).reshape(rows, count)
