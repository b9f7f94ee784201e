"""The Kumaraswamy distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.elementwise_transforms import AffineTransform, PowerTransform
from gradstep_engine.distributions.parameters import broadcast_all, same_kind
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution
from gradstep_engine.distributions.uniform import Uniform

_EULER = 0.57721566490153286060


class Kumaraswamy(TransformedDistribution):
    """(1 − u^(1 / b))^(1 / a) for a uniform u; a is `concentration1`, b is `concentration0`."""

    arg_constraints: ClassVar = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }

    def __init__(
        self, concentration1: Any, concentration0: Any, validate_args: bool | None = None
    ) -> None:
        self.concentration1, self.concentration0 = broadcast_all(concentration1, concentration0)
        zeros = same_kind(self.concentration0, self.concentration0.shape)
        base = Uniform(zeros, zeros + 1, validate_args=validate_args)
        transforms = [
            PowerTransform(exponent=self.concentration0.reciprocal()),
            AffineTransform(loc=1.0, scale=-1.0),
            PowerTransform(exponent=self.concentration1.reciprocal()),
        ]
        super().__init__(base, transforms, validate_args=validate_args)
        self.support = constraints.unit_interval

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = tuple(batch_shape)
        a, b = self.concentration1.expand(shape), self.concentration0.expand(shape)
        return Kumaraswamy(a, b, validate_args=False)

    def _moment(self, n: int) -> Any:
        """Return the mean of the n-th power."""
        b = self.concentration0
        shifted = 1 + n / self.concentration1
        return b * (shifted.lgamma() + b.lgamma() - (shifted + b).lgamma()).exp()

    @property
    def mean(self) -> Any:
        """The mean."""
        return self._moment(1)

    @property
    def variance(self) -> Any:
        """The variance."""
        return self._moment(2) - self.mean.pow(2)

    def entropy(self) -> Any:
        """Return the entropy."""
        a, b = self.concentration1, self.concentration0
        harmonic = (b + 1).digamma() + _EULER
        return (1 - b.reciprocal()) + (1 - a.reciprocal()) * harmonic - a.log() - b.log()
