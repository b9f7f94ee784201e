"""The Bernoulli distribution."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution, shared_shape
from gradstep_engine.distributions.parameters import (
    broadcast_all,
    logits_to_probs,
    probs_to_logits,
)
from gradstep_engine.nn import functional
from gradstep_engine.tensor import wrap


class Binary(Distribution):
    """What distributions over yes and no share: `probs` or `logits`, each made of the other."""

    parameters: ClassVar[tuple[str, ...]] = ("probs", "logits")

    def __init__(self, probs: Any, logits: Any, validate_args: bool | None) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        given = logits if probs is None else probs
        (self._param,) = broadcast_all(given)
        self.__dict__["logits" if probs is None else "probs"] = self._param
        super().__init__(shared_shape((given,), self._param), validate_args=validate_args)

    @cached_property
    def logits(self) -> Any:
        """Log p − log(1 − p)."""
        return probs_to_logits(self.probs, is_binary=True)

    @cached_property
    def probs(self) -> Any:
        """The probability of success."""
        return logits_to_probs(self.logits, is_binary=True)

    @property
    def param_shape(self) -> Any:
        """The shape of the parameter that was given."""
        return self._param.size()


class Bernoulli(Binary):
    """1 with probability `probs` (or the sigmoid of `logits`), else 0."""

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean
    has_enumerate_support = True

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(probs, logits, validate_args)

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.probs

    @property
    def mode(self) -> Any:
        """The likelier of 0 and 1, NaN if there is none."""
        mode = (self.probs >= 0.5).to(self.probs.dtype)
        mode[self.probs == 0.5] = float("nan")
        return mode

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw zeros and ones."""
        with no_grad():
            return self.probs.expand(self._extended_shape(sample_shape)).bernoulli()

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        self._validate_sample(value)
        logits, target = broadcast_all(self.logits, value)
        return -functional.binary_cross_entropy_with_logits(logits, target, reduction="none")

    def entropy(self) -> Any:
        """Return the entropy."""
        return functional.binary_cross_entropy_with_logits(
            self.logits, self.probs, reduction="none"
        )

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return 0 and 1 along the first dimension."""
        values = wrap(np.arange(2, dtype=self._param._array.dtype))
        values = values.reshape(2, *(1,) * len(self._batch_shape))
        return values.expand(2, *self._batch_shape) if expand else values
