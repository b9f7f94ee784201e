"""The Cauchy distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution, shared_shape
from gradstep_engine.distributions.parameters import broadcast_all, same_kind
from gradstep_engine.tensor import wrap


class Cauchy(Distribution):
    """Cauchy with median `loc` and half width at half maximum `scale`."""

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    parameters = ("loc", "scale")
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(shared_shape((loc, scale), self.loc), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """NaN: there is no mean."""
        return wrap(np.full(tuple(self._extended_shape()), np.nan, self.loc._array.dtype))

    @property
    def mode(self) -> Any:
        """The mode."""
        return self.loc

    @property
    def variance(self) -> Any:
        """Infinite."""
        return wrap(np.full(tuple(self._extended_shape()), np.inf, self.loc._array.dtype))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably."""
        eps = same_kind(self.loc, self._extended_shape(sample_shape)).cauchy_()
        return self.loc + eps * self.scale

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        spread = (((value - self.loc) / self.scale) ** 2).log1p()
        return -math.log(math.pi) - self.scale.log() - spread

    def cdf(self, value: Any) -> Any:
        """Return the probability of at most `value`."""
        self._validate_sample(value)
        return ((value - self.loc) / self.scale).atan() / math.pi + 0.5

    def icdf(self, value: Any) -> Any:
        """Return what is not exceeded with probability `value`."""
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Any:
        """Return the entropy."""
        return math.log(4 * math.pi) + self.scale.log()
