"""The exponential distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution, shared_shape
from gradstep_engine.distributions.parameters import broadcast_all, same_kind


class Exponential(Distribution):
    """Exponential with density rate · e^(−rate · x)."""

    arg_constraints: ClassVar = {"rate": constraints.positive}
    parameters = ("rate",)
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(shared_shape((rate,), self.rate), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.rate.reciprocal()

    @property
    def mode(self) -> Any:
        """The mode."""
        return same_kind(self.rate, self.rate.shape)

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.rate.reciprocal()

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably."""
        return same_kind(self.rate, self._extended_shape(sample_shape)).exponential_() / self.rate

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Any) -> Any:
        """Return the probability of at most `value`."""
        self._validate_sample(value)
        return 1 - (-self.rate * value).exp()

    def icdf(self, value: Any) -> Any:
        """Return what is not exceeded with probability `value`."""
        return -(-value).log1p() / self.rate

    def entropy(self) -> Any:
        """Return the entropy."""
        return 1.0 - self.rate.log()
