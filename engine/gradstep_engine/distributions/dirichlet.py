"""The Dirichlet distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine import creation_random
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.functions import where
from gradstep_engine.nn import functional


class Dirichlet(Distribution):
    """Dirichlet over the simplex, with `concentration` (..., K)."""

    arg_constraints: ClassVar = {"concentration": constraints.independent(constraints.positive, 1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        if concentration.dim() < 1:
            raise ValueError("`concentration` parameter must be at least one-dimensional.")
        self.concentration = concentration
        shape = tuple(concentration.shape)
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = (*batch_shape, *self._event_shape)
        return Dirichlet(self.concentration.expand(shape), validate_args=False)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.concentration / self.concentration.sum(-1, True)

    @property
    def variance(self) -> Any:
        """The variance."""
        total = self.concentration.sum(-1, True)
        return self.concentration * (total - self.concentration) / (total.pow(2) * (total + 1))

    @property
    def mode(self) -> Any:
        """The mode; where all concentrations are below 1, one of the corners."""
        above = (self.concentration - 1).clamp(min=0.0)
        cornered = (self.concentration < 1).all(-1).unsqueeze(-1)
        mode = above / above.sum(-1, True).masked_fill(cornered, 1)
        corners = functional.one_hot(above.argmax(-1), above.size(-1)).to(above.dtype)
        return where(cornered, corners, mode)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably, by implicit differentiation."""
        shape = self._extended_shape(sample_shape)
        return creation_random._sample_dirichlet(self.concentration.expand(shape))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        shapes = self.concentration
        return (
            (shapes - 1.0).xlogy(value).sum(-1) + shapes.sum(-1).lgamma() - shapes.lgamma().sum(-1)
        )

    def entropy(self) -> Any:
        """Return the entropy."""
        shapes = self.concentration
        count, total = shapes.size(-1), shapes.sum(-1)
        return (
            shapes.lgamma().sum(-1)
            - total.lgamma()
            - (count - total) * total.digamma()
            - ((shapes - 1.0) * shapes.digamma()).sum(-1)
        )
