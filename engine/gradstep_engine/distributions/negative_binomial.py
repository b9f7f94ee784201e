"""The negative binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine import creation_random
from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.bernoulli import Binary
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.gamma import Gamma
from gradstep_engine.distributions.parameters import broadcast_all
from gradstep_engine.nn import functional


class NegativeBinomial(Binary):
    """How many trials succeed, with probability `probs`, before `total_count` have failed."""

    arg_constraints: ClassVar = {
        "total_count": constraints.greater_than_eq(0),
        "probs": constraints.half_open_interval(0.0, 1.0),
        "logits": constraints.real,
    }
    support = constraints.nonnegative_integer
    parameters = ("total_count", "probs", "logits")

    def __init__(
        self,
        total_count: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        name, given = ("logits", logits) if probs is None else ("probs", probs)
        self.total_count, self._param = broadcast_all(total_count, given)
        self.total_count = self.total_count.type_as(self._param)
        self.__dict__[name] = self._param
        Distribution.__init__(self, self._param.size(), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.total_count * self.logits.exp()

    @property
    def mode(self) -> Any:
        """The mode."""
        return ((self.total_count - 1) * self.logits.exp()).floor().clamp(min=0.0)

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.mean / (-self.logits).sigmoid()

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw counts: Poisson with a rate that is gamma distributed."""
        with no_grad():
            gamma = Gamma(self.total_count, (-self.logits).exp(), validate_args=False)
            return creation_random.poisson(gamma.sample(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        self._validate_sample(value)
        chances = self.total_count * functional.logsigmoid(
            -self.logits
        ) + value * functional.logsigmoid(self.logits)
        total = self.total_count + value
        ways = -total.lgamma() + (1.0 + value).lgamma() + self.total_count.lgamma()
        return chances - ways.masked_fill(total == 0.0, 0.0)
