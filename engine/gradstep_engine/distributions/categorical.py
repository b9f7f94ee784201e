"""The categorical distribution, and its samples as one-hot vectors."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.parameters import (
    logits_to_probs,
    probs_to_logits,
)
from gradstep_engine.nn import functional
from gradstep_engine.size import Size
from gradstep_engine.tensor import wrap


class Categorical(Distribution):
    """A class from 0 to K − 1, by `probs` (..., K), which are normalised, or `logits` (..., K)."""

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        if probs is not None:
            if probs.dim() < 1:
                raise ValueError("`probs` parameter must be at least one-dimensional.")
            self.__dict__["probs"] = probs / probs.sum(-1, keepdim=True)
        else:
            if logits.dim() < 1:
                raise ValueError("`logits` parameter must be at least one-dimensional.")
            self.__dict__["logits"] = logits - logits.logsumexp(dim=-1, keepdim=True)
        self._param = probs if logits is None else logits
        self._num_events = self._param.size()[-1]
        self.support = constraints.integer_interval(0, self._num_events - 1)
        super().__init__(tuple(self._param.shape)[:-1], validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = (*batch_shape, self._num_events)
        expanded = object.__new__(type(self))
        for name in ("probs", "logits"):
            if name in self.__dict__:
                expanded.__dict__[name] = self.__dict__[name].expand(shape)
        expanded._param = self._param.expand(shape)
        expanded._num_events, expanded.support = self._num_events, self.support
        Distribution.__init__(expanded, tuple(batch_shape), validate_args=False)
        expanded._validate_args = self._validate_args
        return expanded

    @cached_property
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return probs_to_logits(self.probs)

    @cached_property
    def probs(self) -> Any:
        """The probabilities."""
        return logits_to_probs(self.logits)

    @property
    def param_shape(self) -> Size:
        """The shape of the parameter that was given."""
        return Size(self._param.shape)

    @property
    def mean(self) -> Any:
        """NaN: classes have no mean."""
        return wrap(np.full(tuple(self._batch_shape), np.nan, self.probs._array.dtype))

    variance = mean

    @property
    def mode(self) -> Any:
        """The likeliest class."""
        return self.probs.argmax(dim=-1)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw classes."""
        count = Size(sample_shape).numel()
        with no_grad():
            rows = self.probs.reshape(-1, self._num_events)
            drawn = rows.multinomial(count, True).t()
            return drawn.reshape(self._extended_shape(sample_shape))

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        self._validate_sample(value)
        index = value.long().unsqueeze(-1)
        index, log_pmf = _broadcast_rows(index, self.logits)
        return log_pmf.gather(-1, index[..., :1]).squeeze(-1)

    def entropy(self) -> Any:
        """Return the entropy."""
        least = float(np.finfo(self.logits._array.dtype).min)
        logits = self.logits.clamp(min=least)
        return -(logits * self.probs).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all classes along the first dimension."""
        values = wrap(np.arange(self._num_events))
        values = values.reshape(-1, *(1,) * len(self._batch_shape))
        return values.expand(-1, *self._batch_shape) if expand else values


def _broadcast_rows(index: Any, rows: Any) -> tuple[Any, Any]:
    shape = np.broadcast_shapes(tuple(index.shape), tuple(rows.shape))
    return index.expand(shape), rows.expand(shape)


class OneHotCategorical(Distribution):
    """A class as a vector of zeros with a single one, by `probs` or `logits` (..., K)."""

    arg_constraints: ClassVar = {"probs": constraints.simplex, "logits": constraints.real_vector}
    support = constraints.one_hot
    has_enumerate_support = True

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        self._categorical = Categorical(probs, logits)
        super().__init__(
            self._categorical.batch_shape,
            self._categorical.param_shape[-1:],
            validate_args=validate_args,
        )

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        expanded = object.__new__(type(self))
        expanded._categorical = self._categorical.expand(batch_shape)
        Distribution.__init__(expanded, tuple(batch_shape), self._event_shape, False)
        expanded._validate_args = self._validate_args
        return expanded

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self._categorical.probs

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return self._categorical.logits

    @property
    def mean(self) -> Any:
        """The mean: the probabilities."""
        return self.probs

    @property
    def mode(self) -> Any:
        """The likeliest class."""
        return functional.one_hot(self._categorical.mode, self._event_shape[0]).to(self.probs)

    @property
    def variance(self) -> Any:
        """The variance."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw one-hot vectors."""
        indices = self._categorical.sample(sample_shape)
        return functional.one_hot(indices, self._event_shape[0]).to(self.probs.dtype)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the probability."""
        self._validate_sample(value)
        return self._categorical.log_prob(value.max(-1)[1])

    def entropy(self) -> Any:
        """Return the entropy."""
        return self._categorical.entropy()

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all one-hot vectors along the first dimension."""
        count = self._event_shape[0]
        values = wrap(np.eye(count, dtype=self.probs._array.dtype))
        values = values.reshape(count, *(1,) * len(self._batch_shape), count)
        return values.expand(count, *self._batch_shape, count) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """One-hot samples whose gradient is that of the probabilities (Bengio et al., 2013)."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw one-hot vectors with the gradient of the probabilities."""
        samples = self.sample(sample_shape)
        return samples + (self.probs - self.probs.detach())
