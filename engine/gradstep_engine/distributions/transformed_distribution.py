"""Distributions of a function of a random variable."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.independent import Independent
from gradstep_engine.distributions.parameters import sum_rightmost
from gradstep_engine.distributions.transforms import Transform


class TransformedDistribution(Distribution):
    """The distribution of f(x), x from `base_distribution` and f one or several transforms."""

    def __init__(
        self, base_distribution: Any, transforms: Any, validate_args: bool | None = None
    ) -> None:
        if isinstance(transforms, Transform):
            self.transforms = [transforms]
        elif isinstance(transforms, (list, tuple)):
            if not all(isinstance(t, Transform) for t in transforms):
                raise ValueError("transforms must be a Transform or a list of Transforms")
            self.transforms = list(transforms)
        else:
            raise ValueError(f"transforms must be a Transform or list, but was {transforms}")
        needed = max([t.event_dim for t in self.transforms], default=0)
        missing_dims = needed - len(base_distribution.event_shape)
        if missing_dims > 0:
            base_distribution = Independent(base_distribution, missing_dims)
        self.base_dist = base_distribution
        self.has_rsample = base_distribution.has_rsample
        self.support = self.transforms[-1].codomain if self.transforms else self.base_dist.support
        super().__init__(
            base_distribution.batch_shape, base_distribution.event_shape, validate_args
        )

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        expanded = object.__new__(type(self))
        base = self.base_dist.expand(tuple(batch_shape))
        TransformedDistribution.__init__(expanded, base, self.transforms, False)
        expanded._validate_args = self._validate_args
        return expanded

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw without a gradient."""
        with no_grad():
            x = self.base_dist.sample(sample_shape)
            for transform in self.transforms:
                x = transform(x)
            return x

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably."""
        x = self.base_dist.rsample(sample_shape)
        for transform in self.transforms:
            x = transform(x)
        return x

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density: the base's, minus the slopes' logarithms."""
        self._validate_sample(value)
        events = len(self._event_shape)
        total: Any = 0.0
        y = value
        for transform in reversed(self.transforms):
            x = transform._inv_call(y)
            slope = transform.log_abs_det_jacobian(x, y)
            total = total - sum_rightmost(slope, events - transform.event_dim)
            y = x
        inner = self.base_dist.log_prob(y)
        return total + sum_rightmost(inner, events - len(self.base_dist.event_shape))

    def _sign(self) -> Any:
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        return sign

    def cdf(self, value: Any) -> Any:
        """Return the probability of at most `value`."""
        for transform in reversed(self.transforms):
            value = transform._inv_call(value)
        below = self.base_dist.cdf(value)
        sign = self._sign()
        return below if isinstance(sign, int) and sign == 1 else sign * (below - 0.5) + 0.5

    def icdf(self, value: Any) -> Any:
        """Return what is not exceeded with probability `value`."""
        sign = self._sign()
        if not (isinstance(sign, int) and sign == 1):
            value = sign * (value - 0.5) + 0.5
        value = self.base_dist.icdf(value)
        for transform in self.transforms:
            value = transform(value)
        return value
