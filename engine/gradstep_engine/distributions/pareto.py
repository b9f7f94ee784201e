"""The Pareto distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.elementwise_transforms import AffineTransform, ExpTransform
from gradstep_engine.distributions.exponential import Exponential
from gradstep_engine.distributions.parameters import broadcast_all
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution


class Pareto(TransformedDistribution):
    """scale · eˣ for an exponential x of rate `alpha`."""

    arg_constraints: ClassVar = {"alpha": constraints.positive, "scale": constraints.positive}

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = broadcast_all(scale, alpha)
        base = Exponential(self.alpha, validate_args=validate_args)
        transforms = [ExpTransform(), AffineTransform(loc=0, scale=self.scale)]
        super().__init__(base, transforms, validate_args=validate_args)
        self.support = constraints.greater_than_eq(self.scale)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = tuple(batch_shape)
        return Pareto(self.scale.expand(shape), self.alpha.expand(shape), validate_args=False)

    @property
    def mean(self) -> Any:
        """The mean; ∞ where there is none."""
        a = self.alpha.clamp(min=1)
        return a * self.scale / (a - 1)

    @property
    def mode(self) -> Any:
        """The mode."""
        return self.scale

    @property
    def variance(self) -> Any:
        """The variance; ∞ where there is none."""
        a = self.alpha.clamp(min=2)
        return self.scale.pow(2) * a / ((a - 1).pow(2) * (a - 2))

    def entropy(self) -> Any:
        """Return the entropy."""
        return (self.scale / self.alpha).log() + (1 + self.alpha.reciprocal())
