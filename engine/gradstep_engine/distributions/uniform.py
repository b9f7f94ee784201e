"""The uniform distribution."""

from __future__ import annotations

import math
from typing import Any

from gradstep_engine import creation_random
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution, shared_shape
from gradstep_engine.distributions.parameters import broadcast_all


class Uniform(Distribution):
    """Uniform on [low, high)."""

    parameters = ("low", "high")
    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = broadcast_all(low, high)
        self.support = constraints.interval(self.low, self.high)
        self.__dict__["arg_constraints"] = {
            "low": constraints.less_than(self.high),
            "high": constraints.greater_than(self.low),
        }
        super().__init__(shared_shape((low, high), self.low), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """The mean."""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Any:
        """NaN: no value is likelier than the others."""
        return math.nan * self.high

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Any:
        """The variance."""
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably."""
        shape = self._extended_shape(sample_shape)
        u = creation_random.rand(*shape, dtype=self.low.dtype)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        inside = self.low.le(value).type_as(self.low) * self.high.gt(value).type_as(self.low)
        return inside.log() - (self.high - self.low).log()

    def cdf(self, value: Any) -> Any:
        """Return the probability of at most `value`."""
        self._validate_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Any) -> Any:
        """Return what is not exceeded with probability `value`."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Any:
        """Return the entropy."""
        return (self.high - self.low).log()
