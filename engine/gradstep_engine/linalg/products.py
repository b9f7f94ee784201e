"""Products and powers of matrices, and products of vectors."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.linalg.checks import square
from gradstep_engine.linalg.solving import inv
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.ops.contraction import Cross
from gradstep_engine.ops.linalg import MatrixExp


def matmul(input: Any, other: Any) -> Any:
    """Return the product of matrices, as `torch.matmul`."""
    return input.matmul(other)


@composite("matrix_power")
def matrix_power(A: Any, n: int) -> Any:
    """Return the product of n factors A; of the inverse where n is negative."""
    square("linalg.matrix_power", A)
    if n < 0:
        return matrix_power(inv(A), -n)
    if n == 0:
        eye = wrap(np.broadcast_to(np.eye(A.shape[-1], dtype=A._array.dtype), A.shape).copy())
        return A * 0 + eye if A.requires_grad else eye
    result, square_of = None, A
    while n:
        if n & 1:
            result = square_of if result is None else result @ square_of
        n >>= 1
        if n:
            square_of = square_of @ square_of
    return result


def matrix_exp(A: Any) -> Any:
    """Return e^A = Σ Aᵏ / k!."""
    square("linalg.matrix_exp", A)
    return apply(MatrixExp, A)


@composite("multi_dot")
def multi_dot(tensors: Sequence[Any]) -> Any:
    """Return the product of several matrices; the first and the last may be vectors.

    Raises:
        RuntimeError: fewer than two tensors.
    """
    if len(tensors) < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got 1")
    return reduce(lambda a, b: a.matmul(b), tensors)


def cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """Return the cross products of vectors of three elements along `dim`.

    Raises:
        RuntimeError: numbers of dimensions differ, or a size is not 3.
    """
    if input.ndim != other.ndim:
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = axis_of(dim, input.ndim)
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        raise RuntimeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[axis]} and "
            f"{other.shape[axis]}"
        )
    return apply(Cross, input, other, dim=axis)


@composite("vecdot")
def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """Return the sums of products along `dim`."""
    return (x * y).sum(dim)


@composite("vander")
def vander(x: Any, *, N: int | None = None) -> Any:
    """Return the powers 0 … N − 1 of every element, in a new last dimension."""
    count = x.shape[-1] if N is None else N
    return x.unsqueeze(-1) ** wrap(np.arange(count))
