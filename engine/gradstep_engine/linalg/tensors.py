"""Inverses and equations of tensors taken as matrices, and diagonals with torch.linalg's axes."""

from __future__ import annotations

import math
from typing import Any

from gradstep_engine.linalg.solving import inv, solve


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Return the diagonals of the last two axes."""
    return A.diagonal(offset, dim1, dim2)


def tensorinv(A: Any, ind: int = 2) -> Any:
    """Return the inverse of the map from the last axes of `A` to its first `ind`.

    Raises:
        RuntimeError: `ind` is not positive, or the two have different sizes.
    """
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    first, last = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if math.prod(first) != math.prod(last):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {math.prod(last)} != {math.prod(first)}"
        )
    return inv(A.reshape(math.prod(first), math.prod(last))).reshape((*last, *first))


def tensorsolve(A: Any, B: Any, dims: Any = None) -> Any:
    """Return X with tensordot(A, X, X.dim()) = B; `dims` of A are moved to its end before.

    Raises:
        RuntimeError: A is not square as a matrix.
    """
    if dims is not None:
        A = A.movedim(tuple(dims), tuple(range(A.dim() - len(dims), A.dim())))
    shape = tuple(A.shape[B.dim() :])
    if math.prod(shape) != B.numel():
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {math.prod(shape)} != {B.numel()}"
        )
    size = B.numel()
    return solve(A.reshape(size, size), B.reshape(-1)).reshape(shape)
