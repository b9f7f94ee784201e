"""Continuous relaxations of discrete distributions (Maddison et al., 2017; Jang et al., 2017)."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from gradstep_engine import creation_random
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.bernoulli import Binary
from gradstep_engine.distributions.categorical import Categorical
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.parameters import broadcast_all, clamp_probs
from gradstep_engine.distributions.transformed_distribution import TransformedDistribution
from gradstep_engine.distributions.transforms import ExpTransform, SigmoidTransform
from gradstep_engine.tensor import Tensor, wrap


def _uniform(like: Any, shape: Any) -> Any:
    return clamp_probs(creation_random.rand(*shape, dtype=like.dtype))


class LogitRelaxedBernoulli(Binary):
    """The logit of a relaxed Bernoulli number."""

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.real
    has_rsample = True

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        self.temperature = temperature
        super().__init__(probs, logits, validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = tuple(batch_shape)
        given = {n: self.__dict__[n].expand(shape) for n in self.parameters if n in self.__dict__}
        return type(self)(self.temperature, **given, validate_args=False)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably."""
        shape = self._extended_shape(sample_shape)
        probs = clamp_probs(self.probs.expand(shape))
        u = _uniform(probs, shape)
        noise = u.log() - (-u).log1p() + probs.log() - (-probs).log1p()
        return noise / self.temperature

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        logits, value = broadcast_all(self.logits, value)
        difference = logits - value.mul(self.temperature)
        scale = _logarithm(self.temperature)
        return scale + difference - 2 * difference.exp().log1p()


def _logarithm(x: Any) -> Any:
    return x.log() if isinstance(x, Tensor) else math.log(x)


class RelaxedBernoulli(TransformedDistribution):
    """A number in (0, 1) that tends to Bernoulli's as the temperature goes to 0."""

    arg_constraints: ClassVar = {"probs": constraints.unit_interval, "logits": constraints.real}

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        base = LogitRelaxedBernoulli(temperature, probs, logits)
        super().__init__(base, SigmoidTransform(), validate_args=validate_args)

    @property
    def temperature(self) -> Any:
        """How relaxed."""
        return self.base_dist.temperature

    @cached_property
    def probs(self) -> Any:
        """The probability of 1."""
        return self.base_dist.probs

    @cached_property
    def logits(self) -> Any:
        """Log p − log(1 − p)."""
        return self.base_dist.logits


class ExpRelaxedCategorical(Distribution):
    """The logarithm of a relaxed one-hot vector."""

    arg_constraints: ClassVar = {
        "probs": constraints.simplex,
        "logits": constraints.real_vector,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        self._categorical = Categorical(probs, logits)
        self.temperature = temperature
        shape = self._categorical.param_shape
        super().__init__(shape[:-1], shape[-1:], validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        expanded = object.__new__(type(self))
        expanded._categorical = self._categorical.expand(batch_shape)
        expanded.temperature = self.temperature
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

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably."""
        shape = self._extended_shape(sample_shape)
        gumbels = -((-(_uniform(self.logits, shape).log())).log())
        scores = (self.logits + gumbels) / self.temperature
        return scores - scores.logsumexp(dim=-1, keepdim=True)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        count = self._event_shape[0]
        logits, value = broadcast_all(self.logits, value)
        scale = math.lgamma(count) + _logarithm(self.temperature) * (count - 1)
        score = logits - value.mul(self.temperature)
        score = (score - score.logsumexp(dim=-1, keepdim=True)).sum(-1)
        if isinstance(scale, Tensor):
            return score + scale
        return score + wrap(np.asarray(scale, score._array.dtype))


class RelaxedOneHotCategorical(TransformedDistribution):
    """A point of the simplex that tends to a one-hot vector as the temperature goes to 0."""

    arg_constraints: ClassVar = {
        "probs": constraints.simplex,
        "logits": constraints.real_vector,
    }

    def __init__(
        self,
        temperature: Any,
        probs: Any = None,
        logits: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        base = ExpRelaxedCategorical(temperature, probs, logits, validate_args=validate_args)
        super().__init__(base, ExpTransform(), validate_args=validate_args)
        self.support = constraints.simplex

    @property
    def temperature(self) -> Any:
        """How relaxed."""
        return self.base_dist.temperature

    @property
    def probs(self) -> Any:
        """The probabilities."""
        return self.base_dist.probs

    @property
    def logits(self) -> Any:
        """The logarithms of the probabilities."""
        return self.base_dist.logits
