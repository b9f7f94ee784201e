"""The binomial distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine import creation_random
from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.bernoulli import Binary
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.parameters import broadcast_all
from gradstep_engine.tensor import wrap


class Binomial(Binary):
    """How many of `total_count` trials succeed, each with probability `probs`."""

    has_enumerate_support = True
    arg_constraints: ClassVar = {
        "total_count": constraints.nonnegative_integer,
        "probs": constraints.unit_interval,
        "logits": constraints.real,
    }

    parameters = ("total_count", "probs", "logits")

    def __init__(
        self,
        total_count: Any = 1,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        given = logits if probs is None else probs
        self.total_count, self._param = broadcast_all(total_count, given)
        self.total_count = self.total_count.type_as(self._param)
        self.__dict__["logits" if probs is None else "probs"] = self._param
        self.support = constraints.integer_interval(0, self.total_count)
        Distribution.__init__(self, tuple(self._param.shape), validate_args=validate_args)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.total_count * self.probs

    @property
    def mode(self) -> Any:
        """The mode."""
        return ((self.total_count + 1) * self.probs).floor().clamp(max=self.total_count)

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.total_count * self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw counts."""
        shape = self._extended_shape(sample_shape)
        with no_grad():
            return creation_random.binomial(
                self.total_count.expand(shape), self.probs.expand(shape)
            )

    def entropy(self) -> Any:
        """Return the entropy."""
        log_prob = self.log_prob(self.enumerate_support(False))
        return -(log_prob.exp() * log_prob).sum(0)

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all counts along the first dimension.

        Raises:
            NotImplementedError: the distributions of the batch differ in `total_count`.
        """
        most = int(self.total_count._array.max())
        if self.total_count._array.min() != most:
            raise NotImplementedError(
                "Inhomogeneous total count not supported by `enumerate_support`."
            )
        values = wrap(np.arange(1 + most, dtype=self._param._array.dtype))
        values = values.reshape(-1, *(1,) * len(self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        self._validate_sample(value)
        count = self.total_count
        ways = (count + 1).lgamma() - (value + 1).lgamma() - (count - value + 1).lgamma()
        logits = self.logits
        # As torch has it: half of the slope on either side counts at zero.
        above = (logits.clamp(min=0) + logits - logits.clamp(max=0)) / 2
        normaliser = count * (above + (-logits.abs()).exp().log1p())
        return value * logits + ways - normaliser
