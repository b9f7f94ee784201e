"""Numbers drawn by rejection, one after the other: how many bits they take is not known before."""

from __future__ import annotations

import math
from typing import Any

from gradstep_engine.draws.continuous import normals
from gradstep_engine.randomness import Generator

_MANTISSA = 2**53 - 1
_THIRD = 0.3333333432674408  # in single precision, as torch has it


def _unit(stream: Generator) -> float:
    high, low = stream.draw(2).tolist()
    unit: float = ((high << 32 | low) & _MANTISSA) * 2.0**-53
    return unit


def poisson(stream: Generator, rate: float) -> int:
    """Return a Poisson number: by products of uniform ones, from rate 10 on by Hörmann (1993)."""
    if rate == 0:
        return 0
    if rate < 10:
        limit, product, count = math.exp(-rate), 1.0, 0
        while True:
            product *= _unit(stream)
            if product <= limit:
                return count
            count += 1
    b = 0.931 + 2.53 * math.sqrt(rate)
    a = -0.059 + 0.02483 * b
    inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
    accept = 0.9277 - 3.6224 / (b - 2)
    while True:
        u = _unit(stream) - 0.5
        v = _unit(stream)
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + rate + 0.43)
        if us >= 0.07 and v <= accept:
            return k
        if k < 0 or (us < 0.013 and v > us):
            continue
        left = math.log(v) + math.log(inverse_alpha) - math.log(a / (us * us) + b)
        if left <= -rate + k * math.log(rate) - math.lgamma(k + 1):
            return k


def gamma(stream: Generator, shape: float) -> float:
    """Return a gamma number with rate 1 (Marsaglia and Tsang, 2000)."""
    scale = 1.0
    if shape < 1:
        if shape == 0:
            return 0.0
        scale = (1 - _unit(stream)) ** (1 / shape)
        shape += 1
    d = shape - _THIRD
    c = 1 / math.sqrt(9 * d)
    while True:
        y = 0.0
        while y <= 0:
            (x,) = normals(stream, 1)
            y = 1 + c * x
        v = y * y * y
        u = 1 - _unit(stream)
        square = x * x
        if u < 1 - 0.0331 * square * square:
            return scale * d * v
        if math.log(u) < 0.5 * square + d * (1 - v + math.log(v)):
            return scale * d * v


def binomial(stream: Generator, count: float, chance: float) -> float:
    """Return how many of `count` trials succeed: by waiting times, or by Hörmann (1993)."""
    if count <= 0 or chance <= 0:
        return 0.0
    if chance >= 1:
        return count
    if chance > 0.5:
        return count - binomial(stream, count, 1 - chance)
    if count * chance >= 10:
        return _transformed_rejection(stream, count, chance)
    if math.isnan(chance):
        return chance
    waited, successes, logarithm = 0.0, 0, math.log1p(-chance)
    while True:
        waited += math.ceil(math.log(_unit(stream)) / logarithm)
        if waited > count:
            return float(successes)
        successes += 1


def _transformed_rejection(stream: Generator, count: float, chance: float) -> float:
    deviation = math.sqrt(count * chance * (1 - chance))
    b = 1.15 + 2.53 * deviation
    a = -0.0873 + 0.0248 * b + 0.01 * chance
    centre = count * chance + 0.5
    v_r = 0.92 - 4.2 / b
    ratio = chance / (1 - chance)
    alpha = (2.83 + 5.1 / b) * deviation
    mode = math.floor((count + 1) * chance)
    while True:
        u = _unit(stream) - 0.5
        v = _unit(stream)
        us = 0.5 - abs(u)
        k = math.floor((2 * a / us + b) * u + centre)
        if us >= 0.07 and v <= v_r:
            return float(k)
        if k < 0 or k > count:
            continue
        bound = (
            (mode + 0.5) * math.log((mode + 1) / (ratio * (count - mode + 1)))
            + (count + 1) * math.log((count - mode + 1) / (count - k + 1))
            + (k + 0.5) * math.log(ratio * (count - k + 1) / (k + 1))
            + _stirling(mode)
            + _stirling(count - mode)
            - _stirling(k)
            - _stirling(count - k)
        )
        if math.log(v * alpha / (a / (us * us) + b)) <= bound:
            return float(k)


def _stirling(k: float) -> float:
    """Return what Stirling's formula lacks to log k!."""
    return math.lgamma(k + 1) - (
        (k + 0.5) * math.log(k + 1) - (k + 1) + 0.5 * math.log(2 * math.pi)
    )


def dirichlet(stream: Generator, shapes: Any) -> list[float]:
    """Return gamma numbers that sum to 1."""
    drawn = [gamma(stream, shape) for shape in shapes]
    total = math.fsum(drawn)
    return [x / total for x in drawn]
