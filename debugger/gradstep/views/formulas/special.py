"""Special functions of one number that the standard library lacks, in double precision."""

from __future__ import annotations

import math
from typing import Final

_BERNOULLI: Final = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)
_FAR: Final = 15.0
"""From here on the asymptotic series is exact enough."""


def digamma(x: float) -> float:
    """Compute ψ(x) = Γ'(x) / Γ(x).

    Raises:
        ValueError: x is 0 or a negative whole number.
    """
    if x <= 0 and x == math.floor(x):
        raise ValueError("a pole of digamma")
    if x < 0:
        return digamma(1 - x) - math.pi / math.tan(math.pi * x)
    found = 0.0
    while x < _FAR:
        found -= 1 / x
        x += 1
    found += math.log(x) - 1 / (2 * x)
    return found - sum(b / (2 * k * x ** (2 * k)) for k, b in enumerate(_BERNOULLI, 1))


def polygamma(n: int, x: float) -> float:
    """Compute the n-th derivative of digamma for x > 0.

    Raises:
        ValueError: x is not positive.
    """
    if n == 0:
        return digamma(x)
    if x <= 0:
        raise ValueError("only of positive numbers")
    sign, factorial, found = (1.0 if n % 2 else -1.0), math.factorial(n), 0.0
    while x < _FAR:
        found += factorial / x ** (n + 1)
        x += 1
    found += math.factorial(n - 1) / x**n + factorial / (2 * x ** (n + 1))
    for k, b in enumerate(_BERNOULLI, 1):
        found += b * math.factorial(2 * k + n - 1) / (math.factorial(2 * k) * x ** (2 * k + n))
    return sign * found


def erfinv(y: float) -> float:
    """Compute the x of erf(x) = y by Newton's method.

    Raises:
        ValueError: y is not within −1 and 1.
    """
    if not -1 < y < 1:
        raise ValueError("only between -1 and 1")
    # Winitzki's approximation is near enough to start from.
    inner = math.log1p(-y * y)
    head = 2 / (math.pi * 0.147) + inner / 2
    x = math.copysign(math.sqrt(max(math.sqrt(head**2 - inner / 0.147) - head, 0.0)), y)
    for _ in range(4):
        x -= (math.erf(x) - y) * math.sqrt(math.pi) / 2 * math.exp(x * x)
    return x


def sinc(x: float) -> float:
    """Compute sin(πx) / (πx)."""
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


def bessel(order: int, x: float) -> float:
    """Compute the modified Bessel function I of a whole order by its power series.

    Raises:
        ValueError: x is too large for the series.
    """
    if abs(x) > 300:
        raise ValueError("too large")
    term = (x / 2) ** order / math.factorial(order)
    found, k = term, 0
    while abs(term) > 1e-17 * abs(found):
        k += 1
        term *= (x / 2) ** 2 / (k * (k + order))
        found += term
    return found


def lower_gamma(a: float, x: float) -> float:
    """Compute P(a, x), the regularised lower incomplete gamma function, by its power series.

    Raises:
        ValueError: an argument is out of range, or x is too large for the series.
    """
    if a <= 0 or x < 0 or x > 300:
        raise ValueError("out of range")
    term = found = 1 / a
    k = 0
    while abs(term) > 1e-17 * abs(found):
        k += 1
        term *= x / (a + k)
        found += term
    return found * math.exp(a * math.log(x) - x - math.lgamma(a)) if x else 0.0
