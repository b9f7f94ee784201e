"""The Poisson distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine import creation_random
from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution, shared_shape
from gradstep_engine.distributions.parameters import broadcast_all


class Poisson(Distribution):
    """Poisson with mean `rate`."""

    arg_constraints: ClassVar = {"rate": constraints.nonnegative}
    parameters = ("rate",)
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = broadcast_all(rate)
        super().__init__(shared_shape((rate,), self.rate), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.rate

    variance = mean

    @property
    def mode(self) -> Any:
        """The mode."""
        return self.rate.floor()

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw counts."""
        with no_grad():
            return creation_random.poisson(self.rate.expand(self._extended_shape(sample_shape)))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        self._validate_sample(value)
        rate, value = broadcast_all(self.rate, value)
        return value.xlogy(rate) - rate - (value + 1).lgamma()
