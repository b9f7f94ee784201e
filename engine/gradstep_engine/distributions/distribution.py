"""What all distributions share."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.mode import no_grad
from gradstep_engine.distributions.constraints import Constraint, _Dependent
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor


class Distribution:
    """A family of probability distributions; one object holds a batch of them.

    Attributes:
        arg_constraints: what the parameters must satisfy.
        support: what samples satisfy.
        parameters: the names that `expand` carries over; None where a subclass does it.
    """

    has_rsample = False
    has_enumerate_support = False
    _validate_args = True
    arg_constraints: ClassVar[Mapping[str, Constraint]] = {}
    support: Any
    parameters: ClassVar[tuple[str, ...]] = ()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Switch the checks of parameters and values on or off for all distributions.

        Raises:
            ValueError: it is no bool.
        """
        if value not in (True, False):
            raise ValueError
        Distribution._validate_args = value

    def __init__(
        self,
        batch_shape: Any = (),
        event_shape: Any = (),
        validate_args: bool | None = None,
    ) -> None:
        self._batch_shape = Size(batch_shape)
        self._event_shape = Size(event_shape)
        if validate_args is not None:
            self._validate_args = validate_args
        if self._validate_args:
            self._check_parameters()
        super().__init__()

    def _check_parameters(self) -> None:
        for name, constraint in self.arg_constraints.items():
            if isinstance(constraint, _Dependent):
                continue
            if name not in self.__dict__ and isinstance(
                getattr(type(self), name, None), cached_property
            ):
                continue
            value = getattr(self, name)
            if not np.all(constraint.check(value)._array):
                raise ValueError(
                    f"Expected parameter {name} "
                    f"({type(value).__name__} of shape {tuple(value.shape)}) "
                    f"of distribution {self!r} "
                    f"to satisfy the constraint {constraint!r}, "
                    f"but found invalid values:\n{value}"
                )

    @property
    def batch_shape(self) -> Size:
        """The shape of the batch of distributions."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one sample of one distribution."""
        return self._event_shape

    @property
    def mean(self) -> Any:
        """The mean."""
        raise NotImplementedError

    @property
    def mode(self) -> Any:
        """The mode."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Any:
        """The variance."""
        raise NotImplementedError

    @property
    def stddev(self) -> Any:
        """The standard deviation."""
        return self.variance.sqrt()

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        if not self.parameters:
            raise NotImplementedError
        shape = tuple(batch_shape)
        given = {
            name: self.__dict__[name].expand(shape)
            for name in self.parameters
            if name in self.__dict__
        }
        expanded = type(self)(**given, validate_args=False)
        expanded._validate_args = self._validate_args
        return expanded

    def sample(self, sample_shape: Any = ()) -> Any:
        """Draw without a gradient: sample_shape + batch_shape + event_shape."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably by the parameters."""
        raise NotImplementedError

    def sample_n(self, n: int) -> Any:
        """Draw n samples; an old name of `sample((n,))`."""
        warnings.warn(
            "sample_n will be deprecated. Use .sample((n,)) instead", UserWarning, stacklevel=2
        )
        return self.sample((n,))

    def log_prob(self, value: Tensor) -> Any:
        """Return the logarithm of the density, or probability, at `value`."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Any:
        """Return the probability of at most `value`."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Any:
        """Return what is not exceeded with probability `value`."""
        raise NotImplementedError

    def enumerate_support(self, expand: bool = True) -> Any:
        """Return all values of a discrete distribution along the first dimension."""
        raise NotImplementedError

    def entropy(self) -> Any:
        """Return the entropy."""
        raise NotImplementedError

    def perplexity(self) -> Any:
        """Return e to the entropy."""
        return self.entropy().exp()

    def _extended_shape(self, sample_shape: Any = ()) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _validate_sample(self, value: Any) -> None:
        """Refuse a value of the wrong shape, or outside the support.

        Raises:
            ValueError: it is one of these, or no tensor.
        """
        if not self._validate_args:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        found, events = tuple(value.shape), self._event_shape
        start = len(found) - len(events)
        if found[start:] != tuple(events):
            raise ValueError(
                "The right-most size of value must match event_shape: "
                f"{value.size()} vs {self._event_shape}."
            )
        expected = (*self._batch_shape, *self._event_shape)
        for i, j in zip(reversed(found), reversed(expected), strict=False):
            if i != 1 and j != 1 and i != j:
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: {value.size()} vs "
                    f"{Size(expected)}."
                )
        if not np.all(self.support.check(value)._array):
            raise ValueError(
                "Expected value argument "
                f"({type(value).__name__} of shape {found}) "
                f"to be within the support ({self.support!r}) "
                f"of the distribution {self!r}, "
                f"but found invalid values:\n{value}"
            )

    def __repr__(self) -> str:
        shown = []
        for name in self.arg_constraints:
            value = self.__dict__.get(name)
            if isinstance(value, Tensor):
                shown.append(f"{name}: {value if value.numel() == 1 else value.size()}")
        return f"{type(self).__name__}({', '.join(shown)})"


def shared_shape(given: tuple[Any, ...], first: Any) -> Size:
    """Return the batch shape: none if all parameters were numbers."""
    if any(isinstance(value, Tensor) for value in given):
        return Size(first.shape)
    return Size()
