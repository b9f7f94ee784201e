"""The Laplace distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution, shared_shape
from gradstep_engine.distributions.parameters import broadcast_all, same_kind


class Laplace(Distribution):
    """Laplace with density e^(−|x − loc| / scale) / (2 scale)."""

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}
    parameters = ("loc", "scale")
    support = constraints.real
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        super().__init__(shared_shape((loc, scale), self.loc), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        """The variance."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably."""
        shape = self._extended_shape(sample_shape)
        least = float(np.finfo(self.loc._array.dtype).eps) - 1
        u = same_kind(self.loc, shape).uniform_(least, 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Any) -> Any:
        """Return the probability of at most `value`."""
        self._validate_sample(value)
        away = value - self.loc
        return 0.5 - 0.5 * away.sign() * (-away.abs() / self.scale).expm1()

    def icdf(self, value: Any) -> Any:
        """Return what is not exceeded with probability `value`."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * (-2 * term.abs()).log1p()

    def entropy(self) -> Any:
        """Return the entropy."""
        return 1 + (2 * self.scale).log()
