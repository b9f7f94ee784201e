"""Mixtures of distributions of one family."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.categorical import Categorical
from gradstep_engine.distributions.distribution import Distribution


class _Mixed(constraints.Constraint):
    """What a value of the mixture satisfies: what one of each component would."""

    def __init__(self, base_constraint: Any) -> None:
        self.base_constraint = base_constraint
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim

    def check(self, value: Any) -> Any:
        """Return where the condition holds."""
        events = self.event_dim
        found = self.base_constraint.check(value.unsqueeze(-1 - events))
        return found.reshape((*found.shape[: found.dim() - 1], -1)).all(-1)

    def __repr__(self) -> str:
        return f"MixtureSameFamilyConstraint({self.base_constraint!r})"


class MixtureSameFamily(Distribution):
    """One of the last batch dimension's components, chosen by a categorical distribution.

    Raises:
        ValueError: the two do not belong together.
    """

    def __init__(
        self,
        mixture_distribution: Any,
        component_distribution: Any,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                " The Mixture distribution needs to be an  instance of "
                "torch.distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The Component distribution needs to be an instance of "
                "torch.distributions.Distribution"
            )
        wanted = tuple(mixture_distribution.batch_shape)
        batch = tuple(component_distribution.batch_shape)[:-1]
        for a, b in zip(reversed(wanted), reversed(batch), strict=False):
            if 1 not in (a, b) and a != b:
                raise ValueError(
                    f"`mixture_distribution.batch_shape` ({mixture_distribution.batch_shape}) is "
                    "not compatible with `component_distribution.batch_shape`"
                    f"({component_distribution.batch_shape})"
                )
        count = mixture_distribution.logits.shape[-1]
        components = component_distribution.batch_shape[-1]
        if count != components:
            raise ValueError(
                f"`mixture_distribution component` ({count}) does not equal "
                f"`component_distribution.batch_shape[-1]` ({components})"
            )
        self._mixture_distribution = mixture_distribution
        self._component_distribution = component_distribution
        self.support = _Mixed(component_distribution.support)
        events = component_distribution.event_shape
        super().__init__(batch, events, validate_args=validate_args)

    @property
    def mixture_distribution(self) -> Any:
        """The distribution of the choice."""
        return self._mixture_distribution

    @property
    def component_distribution(self) -> Any:
        """The components."""
        return self._component_distribution

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        shape = tuple(batch_shape)
        count = self._component_distribution.batch_shape[-1]
        return MixtureSameFamily(
            self._mixture_distribution.expand(shape),
            self._component_distribution.expand((*shape, count)),
            validate_args=False,
        )

    @property
    def _weights(self) -> Any:
        """The probabilities of the components, with as many dimensions as their means."""
        probs = self._mixture_distribution.probs
        return probs.reshape((*probs.shape, *(1,) * len(self._event_shape)))

    @property
    def _axis(self) -> int:
        return -1 - len(self._event_shape)

    @property
    def mean(self) -> Any:
        """The mean."""
        return (self._weights * self._component_distribution.mean).sum(self._axis)

    @property
    def variance(self) -> Any:
        """The variance: the mean of the components' own, and that of their means."""
        within = (self._weights * self._component_distribution.variance).sum(self._axis)
        apart = self._component_distribution.mean - self.mean.unsqueeze(self._axis)
        return within + (self._weights * apart.pow(2.0)).sum(self._axis)

    def cdf(self, x: Any) -> Any:
        """Return the probability of at most `x`."""
        below = self._component_distribution.cdf(x.unsqueeze(self._axis))
        return (below * self._mixture_distribution.probs).sum(-1)

    def log_prob(self, x: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(x)
        each = self._component_distribution.log_prob(x.unsqueeze(self._axis))
        return (each + self._mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw: a component for each, then of all components."""
        with no_grad():
            axis = len(sample_shape) + len(self._batch_shape)
            events = len(self._event_shape)
            chosen = self._mixture_distribution.sample(sample_shape)
            samples = self._component_distribution.sample(sample_shape)
            index = chosen.reshape((*chosen.shape, *(1,) * (events + 1)))
            shape = list(samples.shape)
            shape[axis] = 1
            return samples.gather(axis, index.expand(shape)).squeeze(axis)

    def __repr__(self) -> str:
        return (
            f"MixtureSameFamily(\n  {self.mixture_distribution},\n  {self.component_distribution})"
        )
