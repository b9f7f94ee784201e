"""The half-Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.cauchy import Cauchy
from gradstep_engine.distributions.elementwise_transforms import AbsTransform
from gradstep_engine.distributions.parameters import same_kind
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution


class HalfCauchy(TransformedDistribution):
    """|x| for a Cauchy x around 0 with `scale`."""

    arg_constraints: ClassVar = {"scale": constraints.positive}

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        base = Cauchy(0, scale, validate_args=False)
        super().__init__(base, AbsTransform(), validate_args=validate_args)
        self.support = constraints.nonnegative

    @property
    def scale(self) -> Any:
        """The scale of x."""
        return self.base_dist.scale

    @property
    def mean(self) -> Any:
        """Infinite."""
        return same_kind(self.scale, self._extended_shape()) + math.inf

    @property
    def mode(self) -> Any:
        """The mode."""
        return same_kind(self.scale, self.scale.shape)

    @property
    def variance(self) -> Any:
        """Infinite."""
        return self.base_dist.variance

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        log_prob = self.base_dist.log_prob(value) + math.log(2)
        return log_prob.masked_fill(value < 0, -math.inf)

    def cdf(self, value: Any) -> Any:
        """Return the probability of at most `value`."""
        self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, prob: Any) -> Any:
        """Return what is not exceeded with probability `prob`."""
        return self.base_dist.icdf((prob + 1) / 2)

    def entropy(self) -> Any:
        """Return the entropy."""
        return self.base_dist.entropy() - math.log(2)
