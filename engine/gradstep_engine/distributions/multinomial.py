"""The multinomial distribution."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.binomial import Binomial
from gradstep_engine.distributions.categorical import Categorical
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.parameters import broadcast_all, same_kind
from gradstep_engine.size import Size


class Multinomial(Distribution):
    """How often each of K classes comes in `total_count` draws."""

    arg_constraints: ClassVar = {
        "probs": constraints.simplex,
        "logits": constraints.real_vector,
    }

    def __init__(
        self,
        total_count: int = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(total_count, int):
            raise NotImplementedError("inhomogeneous total_count is not supported")
        self.total_count = total_count
        self._categorical = Categorical(probs=probs, logits=logits)
        self.support = constraints.multinomial(total_count)
        super().__init__(
            self._categorical.batch_shape,
            self._categorical.param_shape[-1:],
            validate_args=validate_args,
        )

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        expanded = object.__new__(type(self))
        expanded.total_count, expanded.support = self.total_count, self.support
        expanded._categorical = self._categorical.expand(batch_shape)
        Distribution.__init__(expanded, tuple(batch_shape), self._event_shape, False)
        expanded._validate_args = self._validate_args
        return expanded

    @property
    def probs(self) -> Any:
        """The probabilities of the classes."""
        return self._categorical.probs

    @property
    def logits(self) -> Any:
        """Their logarithms."""
        return self._categorical.logits

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.probs * self.total_count

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw counts."""
        shape = Size(sample_shape)
        with no_grad():
            drawn = self._categorical.sample((self.total_count, *shape))
            drawn = drawn.permute(*range(1, drawn.dim()), 0)
            counts = same_kind(self.probs, self._extended_shape(shape))
            ones = same_kind(self.probs, drawn.shape) + 1
            return counts.scatter_add(-1, drawn, ones).type_as(self.probs)

    def entropy(self) -> Any:
        """Return the entropy."""
        trials = Binomial(self.total_count, probs=self.probs)
        counts = trials.enumerate_support(expand=False)[1:]
        expected = (trials.log_prob(counts).exp() * (counts + 1).lgamma()).sum((0, -1))
        certain = math.lgamma(self.total_count + 1)
        return self.total_count * self._categorical.entropy() - certain + expected

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        ways = (value.sum(-1) + 1).lgamma() - (value + 1).lgamma().sum(-1)
        possible = logits.masked_fill((value == 0) & (logits == -float("inf")), 0)
        return ways + (possible * value).sum(-1)
