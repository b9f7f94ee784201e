"""Which values a parameter or a sample may have."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.missing import lacking
from gradstep_engine.tensor import Tensor, wrap


class Constraint:
    """A condition on tensors; `check` answers for each element, or each event.

    Attributes:
        is_discrete: whether the values are whole numbers.
        event_dim: how many of the last dimensions make one event.
    """

    is_discrete = False
    event_dim = 0

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        raise NotImplementedError(f"{type(self).__name__}.check")

    def __repr__(self) -> str:
        return f"{type(self).__name__.lstrip('_')}()"


class _Real(Constraint):
    def check(self, value: Tensor) -> Any:
        return value == value


class _Boolean(Constraint):
    is_discrete = True

    def check(self, value: Tensor) -> Any:
        return (value == 0) | (value == 1)


class _OneHot(Constraint):
    is_discrete = True
    event_dim = 1

    def check(self, value: Tensor) -> Any:
        boolean = (value == 0) | (value == 1)
        return boolean.all(-1) & (value.sum(-1) == 1)


class _Simplex(Constraint):
    event_dim = 1

    def check(self, value: Tensor) -> Any:
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class GreaterThan(Constraint):
    """value > lower_bound."""

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        return self.lower_bound < value

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lower_bound={self.lower_bound})"


class LessThan(Constraint):
    """value < upper_bound."""

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        return value < self.upper_bound

    def __repr__(self) -> str:
        return f"{type(self).__name__}(upper_bound={self.upper_bound})"


class GreaterThanEq(GreaterThan):
    """value ≥ lower_bound."""

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        return self.lower_bound <= value


class IntegerGreaterThan(GreaterThan):
    """A whole number ≥ lower_bound."""

    is_discrete = True

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        return (value % 1 == 0) & (value >= self.lower_bound)


class Interval(Constraint):
    """lower_bound ≤ value ≤ upper_bound."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound = lower_bound
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        return (self.lower_bound <= value) & (value <= self.upper_bound)

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__.lstrip('_')}"
            f"(lower_bound={self.lower_bound}, upper_bound={self.upper_bound})"
        )


class HalfOpenInterval(Interval):
    """lower_bound ≤ value < upper_bound."""

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        return (self.lower_bound <= value) & (value < self.upper_bound)


class IntegerInterval(Interval):
    """A whole number from lower_bound to upper_bound."""

    is_discrete = True

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        return (value % 1 == 0) & (self.lower_bound <= value) & (value <= self.upper_bound)


class Multinomial(Constraint):
    """Whole numbers ≥ 0 that sum to upper_bound."""

    is_discrete = True
    event_dim = 1

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds."""
        return (value >= 0).all(-1) & (value.sum(-1) <= self.upper_bound)


class IndependentConstraint(Constraint):
    """`base_constraint` for all elements of the last dimensions at once."""

    def __init__(self, base_constraint: Constraint, reinterpreted_batch_ndims: int) -> None:
        self.base_constraint = base_constraint
        self.reinterpreted_batch_ndims = reinterpreted_batch_ndims
        self.is_discrete = base_constraint.is_discrete
        self.event_dim = base_constraint.event_dim + reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Any:
        """Return where the condition holds.

        Raises:
            ValueError: the value has too few dimensions.
        """
        result = self.base_constraint.check(value)
        count = self.reinterpreted_batch_ndims
        if result.dim() < count:
            raise ValueError(f"Expected value.dim() >= {self.event_dim} but got {value.dim()}")
        for _ in range(count):
            result = result.all(-1)
        return result

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


class _Square(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Any:
        square = value.shape[-2] == value.shape[-1]
        return wrap(np.full(tuple(value.shape[:-2]), square))


class _Symmetric(_Square):
    def check(self, value: Tensor) -> Any:
        square = super().check(value)
        if not square._array.all():
            return square
        return value.isclose(value.mT, atol=1e-6).all(-2).all(-1)


class _PositiveDefinite(_Symmetric):
    def check(self, value: Tensor) -> Any:
        symmetric = super().check(value)
        if not symmetric._array.all():
            return symmetric
        matrices = np.asarray(value._array)
        flat = matrices.reshape(-1, *matrices.shape[-2:])
        found = np.array([_is_positive_definite(each) for each in flat], dtype=bool)
        return wrap(found.reshape(matrices.shape[:-2]))


def _is_positive_definite(matrix: Any) -> bool:
    try:
        np.linalg.cholesky(matrix)
    except np.linalg.LinAlgError:
        return False
    return True


class _LowerTriangular(Constraint):
    event_dim = 2

    def check(self, value: Tensor) -> Any:
        return (value.tril() == value).reshape((*value.shape[:-2], -1)).all(-1)


class _LowerCholesky(_LowerTriangular):
    def check(self, value: Tensor) -> Any:
        positive = (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)
        return super().check(value) & positive


class _Dependent(Constraint):
    def check(self, value: Tensor) -> Any:
        raise ValueError("Cannot determine validity of dependent constraint")


independent = IndependentConstraint
greater_than = GreaterThan
greater_than_eq = GreaterThanEq
less_than = LessThan
interval = Interval
half_open_interval = HalfOpenInterval
integer_interval = IntegerInterval
multinomial = Multinomial
dependent = _Dependent()
boolean = _Boolean()
one_hot = _OneHot()
nonnegative_integer = IntegerGreaterThan(0)
positive_integer = IntegerGreaterThan(1)
real = _Real()
real_vector = IndependentConstraint(real, 1)
positive = GreaterThan(0.0)
nonnegative = GreaterThanEq(0.0)
unit_interval = Interval(0.0, 1.0)
simplex = _Simplex()
square = _Square()
symmetric = _Symmetric()
positive_definite = _PositiveDefinite()
lower_triangular = _LowerTriangular()
lower_cholesky = _LowerCholesky()


__getattr__ = lacking("torch.distributions.constraints")
