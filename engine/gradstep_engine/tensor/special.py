"""Methods for functions around the gamma function, and the inverse of the error function."""

from __future__ import annotations

import math
from typing import Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import bessel, incomplete_gamma, special


class Special(TensorBase):
    """`lgamma`, `digamma`, `polygamma` and `erfinv`, and in place."""

    def lgamma(self) -> Any:
        """Return log |Γ(x)|."""
        return apply(special.Lgamma, self)

    def lgamma_(self) -> Any:
        """Become log |Γ(x)|."""
        return apply_inplace(special.Lgamma, self)

    def digamma(self) -> Any:
        """Return the derivative of log Γ."""
        return apply(special.Digamma, self)

    def digamma_(self) -> Any:
        """Become the derivative of log Γ at x."""
        return apply_inplace(special.Digamma, self)

    def polygamma(self, n: int) -> Any:
        """Return the n-th derivative of digamma.

        Raises:
            RuntimeError: n is negative.
        """
        if n < 0:
            raise RuntimeError("polygamma(n, x) does not support negative n.")
        return apply(special.Polygamma, self, n=n)

    def erfinv(self) -> Any:
        """Return the number whose error function is x."""
        return apply(special.Erfinv, self)

    def erfinv_(self) -> Any:
        """Become the number whose error function is x."""
        return apply_inplace(special.Erfinv, self)

    def polygamma_(self, n: int) -> Any:
        """Become the n-th derivative of digamma at x."""
        return apply_inplace(special.Polygamma, self, n=n)

    def mvlgamma(self, p: int) -> Any:
        """Return the logarithm of the gamma function of p dimensions.

        Raises:
            RuntimeError: p is less than 1, or an element is not above (p − 1) / 2.
        """
        return _mvlgamma(self, p)

    def i0(self) -> Any:
        """Return the modified Bessel function of order 0."""
        return apply(bessel.I0, self)

    def i0_(self) -> Any:
        """Become the modified Bessel function of order 0."""
        return apply_inplace(bessel.I0, self)

    def igamma(self, other: Any) -> Any:
        """Return the regularised lower incomplete gamma function P(self, other)."""
        return apply(incomplete_gamma.Igamma, self, other)

    def igammac(self, other: Any) -> Any:
        """Return the regularised upper incomplete gamma function Q(self, other)."""
        return apply(incomplete_gamma.Igammac, self, other)


@composite("mvlgamma")
def _mvlgamma(x: Any, p: int) -> Any:
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    if (x._array <= (p - 1) / 2).any():
        raise RuntimeError("All elements must be greater than (p-1)/2")
    total = x.lgamma()
    for step in range(1, p):
        total = total + (x - 0.5 * step).lgamma()
    return total + p * (p - 1) / 4 * math.log(math.pi)
