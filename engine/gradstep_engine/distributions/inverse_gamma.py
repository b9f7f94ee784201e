"""The inverse gamma distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.elementwise_transforms import PowerTransform
from gradstep_engine.distributions.gamma import Gamma
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution


class InverseGamma(TransformedDistribution):
    """1 / x for a gamma distributed x."""

    arg_constraints: ClassVar = {
        "concentration": constraints.positive,
        "rate": constraints.positive,
    }

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        base = Gamma(concentration, rate, validate_args=validate_args)
        power = PowerTransform(base.rate.new_tensor(-1.0))
        super().__init__(base, power, validate_args=validate_args)
        self.support = constraints.positive

    @property
    def concentration(self) -> Any:
        """The shape of x."""
        return self.base_dist.concentration

    @property
    def rate(self) -> Any:
        """The rate of x."""
        return self.base_dist.rate

    @property
    def mean(self) -> Any:
        """The mean; ∞ where there is none."""
        found = self.rate / (self.concentration - 1)
        return found.masked_fill(self.concentration <= 1, math.inf)

    @property
    def mode(self) -> Any:
        """The mode."""
        return self.rate / (self.concentration + 1)

    @property
    def variance(self) -> Any:
        """The variance; ∞ where there is none."""
        c = self.concentration
        found = self.rate.square() / ((c - 1).square() * (c - 2))
        return found.masked_fill(c <= 2, math.inf)

    def entropy(self) -> Any:
        """Return the entropy."""
        c = self.concentration
        return c + self.rate.log() + c.lgamma() - (1 + c) * c.digamma()
