"""Methods for functions around the gamma function, and the inverse of the error function."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import special


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
