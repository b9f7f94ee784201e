"""Distributions of a function of a random variable."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.elementwise_transforms import ComposeTransform, Transform
from gradstep_engine.distributions.independent import Independent
from gradstep_engine.distributions.parameters import sum_rightmost
from gradstep_engine.size import Size


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
        chain = ComposeTransform(self.transforms)
        shape = (*base_distribution.batch_shape, *base_distribution.event_shape)
        needed = max([t.domain.event_dim for t in self.transforms], default=0)
        if len(shape) < needed:
            raise ValueError(
                f"base_distribution needs to have shape with size at least {needed}, but got "
                f"{Size(shape)}."
            )
        if needed > len(base_distribution.event_shape):
            events = needed - len(base_distribution.event_shape)
            base_distribution = Independent(base_distribution, events)
        made = chain.forward_shape(shape)
        events = len(base_distribution.event_shape)
        for transform in self.transforms:
            change = transform.codomain.event_dim - transform.domain.event_dim
            events = max(transform.codomain.event_dim, events + change)
        self.base_dist = base_distribution
        self.has_rsample = base_distribution.has_rsample
        self.support = self.transforms[-1].codomain if self.transforms else self.base_dist.support
        cut = len(made) - events
        super().__init__(made[:cut], made[cut:], validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        expanded = object.__new__(type(self))
        shape = (*batch_shape, *self._event_shape)
        for transform in reversed(self.transforms):
            shape = transform.inverse_shape(shape)
        events = len(self.base_dist.event_shape)
        base = self.base_dist.expand(tuple(shape[: len(shape) - events]))
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
            events += transform.domain.event_dim - transform.codomain.event_dim
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
