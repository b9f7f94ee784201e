"""The Weibull distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.elementwise_transforms import AffineTransform, PowerTransform
from gradstep_engine.distributions.exponential import Exponential
from gradstep_engine.distributions.parameters import broadcast_all, same_kind
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution

_EULER = 0.57721566490153286060


class Weibull(TransformedDistribution):
    """scale · x^(1 / concentration) for an exponential x."""

    arg_constraints: ClassVar = {
        "scale": constraints.positive,
        "concentration": constraints.positive,
    }

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = broadcast_all(scale, concentration)
        self.concentration_reciprocal = self.concentration.reciprocal()
        base = Exponential(same_kind(self.scale, self.scale.shape) + 1, validate_args=validate_args)
        transforms = [
            PowerTransform(exponent=self.concentration_reciprocal),
            AffineTransform(loc=0, scale=self.scale),
        ]
        super().__init__(base, transforms, validate_args=validate_args)
        self.support = constraints.positive

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = tuple(batch_shape)
        return Weibull(
            self.scale.expand(shape), self.concentration.expand(shape), validate_args=False
        )

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.scale * (1 + self.concentration_reciprocal).lgamma().exp()

    @property
    def mode(self) -> Any:
        """The mode."""
        inner = (self.concentration - 1) / self.concentration
        return self.scale * inner**self.concentration_reciprocal

    @property
    def variance(self) -> Any:
        """The variance."""
        square = (1 + 2 * self.concentration_reciprocal).lgamma().exp()
        mean = (2 * (1 + self.concentration_reciprocal).lgamma()).exp()
        return self.scale.pow(2) * (square - mean)

    def entropy(self) -> Any:
        """Return the entropy."""
        reciprocal = self.concentration_reciprocal
        return _EULER * (1 - reciprocal) + (self.scale * reciprocal).log() + 1
