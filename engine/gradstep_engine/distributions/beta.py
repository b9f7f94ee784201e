"""The Beta distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.dirichlet import Dirichlet
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.parameters import broadcast_all
from gradstep_engine.tensor.joins import stack


class Beta(Distribution):
    """Beta over [0, 1] with density ∝ x^(concentration1 − 1) (1 − x)^(concentration0 − 1)."""

    arg_constraints: ClassVar = {
        "concentration1": constraints.positive,
        "concentration0": constraints.positive,
    }
    support = constraints.unit_interval
    has_rsample = True

    def __init__(
        self, concentration1: Any, concentration0: Any, validate_args: bool | None = None
    ) -> None:
        both = stack(list(broadcast_all(concentration1, concentration0)), -1)
        self._dirichlet = Dirichlet(both, validate_args=validate_args)
        super().__init__(self._dirichlet._batch_shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = tuple(batch_shape)
        return Beta(
            self.concentration1.expand(shape),
            self.concentration0.expand(shape),
            validate_args=False,
        )

    @property
    def concentration1(self) -> Any:
        """The first parameter, α."""
        return self._dirichlet.concentration[..., 0]

    @property
    def concentration0(self) -> Any:
        """The second parameter, β."""
        return self._dirichlet.concentration[..., 1]

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.concentration1 / (self.concentration1 + self.concentration0)

    @property
    def mode(self) -> Any:
        """The mode."""
        return self._dirichlet.mode[..., 0]

    @property
    def variance(self) -> Any:
        """The variance."""
        total = self.concentration1 + self.concentration0
        return self.concentration1 * self.concentration0 / (total.pow(2) * (total + 1))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably, by implicit differentiation."""
        return self._dirichlet.rsample(sample_shape).select(-1, 0)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        return self._dirichlet.log_prob(stack([value, 1.0 - value], -1))

    def entropy(self) -> Any:
        """Return the entropy."""
        return self._dirichlet.entropy()
