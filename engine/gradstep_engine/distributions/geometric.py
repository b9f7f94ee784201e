"""The geometric distribution."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.bernoulli import Binary
from gradstep_engine.distributions.parameters import broadcast_all, same_kind
from gradstep_engine.nn import functional


class Geometric(Binary):
    """How many trials fail before the first that succeeds with probability `probs`."""

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        super().__init__(probs, logits, validate_args)
        if self._validate_args and probs is not None and not (self.probs > 0)._array.all():
            raise ValueError(
                "Expected parameter probs "
                f"({type(self.probs).__name__} of shape {tuple(self.probs.shape)}) "
                f"of distribution {self!r} "
                f"to be positive but found invalid values:\n{self.probs}"
            )

    @property
    def mean(self) -> Any:
        """The mean."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Any:
        """The mode."""
        return same_kind(self.probs, self.probs.shape)

    @property
    def variance(self) -> Any:
        """The variance."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw counts."""
        tiny = float(np.finfo(self.probs._array.dtype).tiny)
        with no_grad():
            u = same_kind(self.probs, self._extended_shape(sample_shape)).uniform_(tiny, 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        self._validate_sample(value)
        value, probs = broadcast_all(value, self.probs)
        probs = probs.masked_fill((probs == 1) & (value == 0), 0)
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self) -> Any:
        """Return the entropy."""
        lost = functional.binary_cross_entropy_with_logits(
            self.logits, self.probs, reduction="none"
        )
        return lost / self.probs
