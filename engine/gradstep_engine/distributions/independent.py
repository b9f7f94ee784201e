"""Batches seen as events."""

from __future__ import annotations

from typing import Any

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.parameters import sum_rightmost


class Independent(Distribution):
    """`base_distribution` whose last batch dimensions count as dimensions of one event."""

    def __init__(
        self,
        base_distribution: Any,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ) -> None:
        if reinterpreted_batch_ndims > len(base_distribution.batch_shape):
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), actual "
                f"{reinterpreted_batch_ndims} vs {len(base_distribution.batch_shape)}"
            )
        shape = (*base_distribution.batch_shape, *base_distribution.event_shape)
        events = reinterpreted_batch_ndims + len(base_distribution.event_shape)
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        self.has_rsample = base_distribution.has_rsample
        self.support = base_distribution.support
        if reinterpreted_batch_ndims:
            self.support = constraints.independent(self.support, reinterpreted_batch_ndims)
        start = len(shape) - events
        super().__init__(shape[:start], shape[start:], validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        inner = (*batch_shape, *self._event_shape[: self.reinterpreted_batch_ndims])
        return Independent(
            self.base_dist.expand(inner), self.reinterpreted_batch_ndims, self._validate_args
        )

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        """The mode."""
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.base_dist.variance

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.base_dist.stddev

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw without a gradient."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Any) -> Any:
        """Return the sum of the elements' logarithms of the density."""
        return sum_rightmost(self.base_dist.log_prob(value), self.reinterpreted_batch_ndims)

    def entropy(self) -> Any:
        """Return the sum of the elements' entropies."""
        return sum_rightmost(self.base_dist.entropy(), self.reinterpreted_batch_ndims)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_dist}, {self.reinterpreted_batch_ndims})"
