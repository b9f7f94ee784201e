"""Distributions of a simple function of another one: half-normal, log-normal, Gumbel."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.normal import Normal
from gradstep_engine.distributions.parameters import broadcast_all, same_kind
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution
from gradstep_engine.distributions.transforms import (
    AbsTransform,
    AffineTransform,
    ExpTransform,
)
from gradstep_engine.distributions.uniform import Uniform

_EULER = 0.57721566490153286060


class LogNormal(TransformedDistribution):
    """eˣ for a normal x with mean `loc` and deviation `scale`."""

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(loc, scale, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)

    @property
    def loc(self) -> Any:
        """The mean of the logarithm."""
        return self.base_dist.loc

    @property
    def scale(self) -> Any:
        """The deviation of the logarithm."""
        return self.base_dist.scale

    @property
    def mean(self) -> Any:
        """The mean."""
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Any:
        """The mode."""
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self) -> Any:
        """The variance."""
        square = self.scale.pow(2)
        return square.expm1() * (2 * self.loc + square).exp()

    def entropy(self) -> Any:
        """Return the entropy."""
        return self.base_dist.entropy() + self.loc


class HalfNormal(TransformedDistribution):
    """|x| for a normal x with mean 0 and deviation `scale`."""

    arg_constraints: ClassVar = {"scale": constraints.positive}

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        base = Normal(0, scale, validate_args=False)
        super().__init__(base, AbsTransform(), validate_args=validate_args)
        self.support = constraints.nonnegative

    @property
    def scale(self) -> Any:
        """The deviation of x."""
        return self.base_dist.scale

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Any:
        """The mode."""
        return same_kind(self.scale, self.scale.shape)

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.scale.pow(2) * (1 - 2 / math.pi)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        log_prob = self.base_dist.log_prob(value) + math.log(2)
        return log_prob.masked_fill(value < 0, -math.inf)

    def cdf(self, value: Any) -> Any:
        """Return the probability of at most `value`."""
        self._validate_sample(value)
        return 2 * self.base_dist.cdf(value) - 1

    def icdf(self, value: Any) -> Any:
        """Return what is not exceeded with probability `value`."""
        return self.base_dist.icdf((value + 1) / 2)

    def entropy(self) -> Any:
        """Return the entropy."""
        return self.base_dist.entropy() - math.log(2)


class Gumbel(TransformedDistribution):
    """loc − scale · log(−log u) for a uniform u."""

    arg_constraints: ClassVar = {"loc": constraints.real, "scale": constraints.positive}

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = broadcast_all(loc, scale)
        kind = np.finfo(self.loc._array.dtype)
        low, high = float(kind.tiny), 1 - float(kind.eps)
        if any(hasattr(given, "dim") for given in (loc, scale)):
            zeros = same_kind(self.loc, self.loc.shape)
            base = Uniform(zeros + low, zeros + high, validate_args=validate_args)
        else:
            base = Uniform(low, high, validate_args=validate_args)
        transforms = [
            ExpTransform().inv,
            AffineTransform(loc=0, scale=-(self.scale * 0 + 1)),
            ExpTransform().inv,
            AffineTransform(loc=self.loc, scale=-self.scale),
        ]
        super().__init__(base, transforms, validate_args=validate_args)
        self.support = constraints.real

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = tuple(batch_shape)
        return Gumbel(self.loc.expand(shape), self.scale.expand(shape), validate_args=False)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.loc + self.scale * _EULER

    @property
    def mode(self) -> Any:
        """The mode."""
        return self.loc

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return (math.pi / math.sqrt(6)) * self.scale

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.stddev.pow(2)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    def entropy(self) -> Any:
        """Return the entropy."""
        return self.scale.log() + (1 + _EULER)
