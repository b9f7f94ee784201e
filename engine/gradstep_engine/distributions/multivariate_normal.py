"""The normal distribution of vectors."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from gradstep_engine.distributions import constraints
from gradstep_engine.distributions.distribution import Distribution
from gradstep_engine.distributions.normal import standard_normal
from gradstep_engine.linalg import inv, solve_triangular

_LOG_TURN = math.log(2 * math.pi)


def log_diagonal(lower: Any) -> Any:
    """Return the logarithm of a triangular matrix's determinant."""
    return lower.diagonal(dim1=-2, dim2=-1).log().sum(-1)


def mahalanobis(lower: Any, difference: Any) -> Any:
    """Return |L⁻¹ d|² for batches of triangular L and of d."""
    shape = np.broadcast_shapes(tuple(lower.shape[:-2]), tuple(difference.shape[:-1]))
    size = lower.shape[-1]
    lower = lower.expand((*shape, size, size))
    column = difference.expand((*shape, size)).unsqueeze(-1)
    return solve_triangular(lower, column, upper=False).pow(2).sum((-2, -1))


class MultivariateNormal(Distribution):
    """Normal vectors with mean `loc` (..., K), by covariance, precision or its triangular root.

    Raises:
        ValueError: not exactly one matrix is given, or it has too few dimensions.
    """

    arg_constraints: ClassVar = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Any,
        covariance_matrix: Any = None,
        precision_matrix: Any = None,
        scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        given = {
            "covariance_matrix": covariance_matrix,
            "precision_matrix": precision_matrix,
            "scale_tril": scale_tril,
        }
        named = {name: matrix for name, matrix in given.items() if matrix is not None}
        if len(named) != 1:
            raise ValueError(
                "Exactly one of covariance_matrix or precision_matrix or scale_tril may be "
                "specified."
            )
        ((name, matrix),) = named.items()
        if matrix.dim() < 2:
            raise ValueError(
                f"{name} must be at least two-dimensional, with optional leading batch dimensions"
            )
        batch = np.broadcast_shapes(tuple(matrix.shape[:-2]), tuple(loc.shape[:-1]))
        self.loc = loc.expand((*batch, loc.shape[-1]))
        self.__dict__[name] = matrix.expand((*batch, *matrix.shape[-2:]))
        super().__init__(batch, loc.shape[-1:], validate_args=validate_args)
        if name == "scale_tril":
            self._lower = matrix
        elif name == "covariance_matrix":
            self._lower = matrix.cholesky()
        else:
            # P = Uᵀ U with U turned around both axes is the Cholesky factor of the turned P.
            turned = matrix.flip(-2, -1).cholesky().flip(-2, -1).mT
            eye = turned.new_zeros(turned.shape[-1]).add(1).diag_embed()
            self._lower = solve_triangular(turned, eye.expand(turned.shape), upper=False)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Any:
        """Return the distribution with its parameters broadcast to `batch_shape`."""
        size = self.loc.shape[-1]
        loc = self.loc.expand((*batch_shape, size))
        return MultivariateNormal(
            loc, scale_tril=self._lower.expand((*batch_shape, size, size)), validate_args=False
        )

    def _wide(self, matrix: Any) -> Any:
        return matrix.expand((*self._batch_shape, *self._event_shape, *self._event_shape))

    @cached_property
    def scale_tril(self) -> Any:
        """The lower triangular L with L Lᵀ = covariance."""
        return self._wide(self._lower)

    @cached_property
    def covariance_matrix(self) -> Any:
        """The covariance."""
        return self._wide(self._lower @ self._lower.mT)

    @cached_property
    def precision_matrix(self) -> Any:
        """The inverse of the covariance."""
        return self._wide(inv(self._lower @ self._lower.mT))

    @property
    def mean(self) -> Any:
        """The mean."""
        return self.loc

    mode = mean

    @property
    def variance(self) -> Any:
        """The variance of each element."""
        return self._lower.pow(2).sum(-1).expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Any = ()) -> Any:
        """Draw differentiably: loc + L ε."""
        eps = standard_normal(self.loc, self._extended_shape(sample_shape))
        return self.loc + (self._lower @ eps.unsqueeze(-1)).squeeze(-1)

    def log_prob(self, value: Any) -> Any:
        """Return the logarithm of the density."""
        self._validate_sample(value)
        distance = mahalanobis(self._lower, value - self.loc)
        return -0.5 * (self._event_shape[0] * _LOG_TURN + distance) - log_diagonal(self._lower)

    def entropy(self) -> Any:
        """Return the entropy."""
        entropy = 0.5 * self._event_shape[0] * (1.0 + _LOG_TURN) + log_diagonal(self._lower)
        return entropy.expand(tuple(self._batch_shape)) if self._batch_shape else entropy
