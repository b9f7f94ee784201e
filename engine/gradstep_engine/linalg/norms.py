"""Norms of vectors and matrices, and what follows from singular values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.linalg.checks import floating, matrices
from gradstep_engine.linalg.decompositions import svdvals
from gradstep_engine.ops import statistics
from gradstep_engine.ops.axes import axes_of, axis_of


def norm(
    A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """Return a norm of vectors or, with an order and two dimensions, of matrices."""
    several = isinstance(dim, (tuple, list))
    if ord is None or (dim is not None and not (several and len(dim) == 2)):
        return vector_norm(A, 2 if ord is None else ord, dim, keepdim, dtype=dtype)
    if dim is None and A.ndim == 1:
        return vector_norm(A, ord, dim, keepdim, dtype=dtype)
    if dim is None and A.ndim != 2:
        raise RuntimeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. "
            f"Got {A.ndim}D."
        )
    return matrix_norm(A, ord, (-2, -1) if dim is None else dim, keepdim, dtype=dtype)


def vector_norm(
    x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None
) -> Any:
    """Return (Σ |x|ᵒʳᵈ)^(1/ord) of all elements or along dimensions."""
    chosen = x if dtype is None else x.to(dtype)
    floating("linalg.vector_norm", chosen)
    attributes: dict[str, Any] = {"p": float(ord)}
    axes = axes_of(dim, x.ndim)
    if axes is not None:
        attributes["dim"] = axes
    if keepdim:
        attributes["keepdim"] = True
    return apply(statistics.Norm, chosen, **attributes)


@composite("matrix_norm")
def matrix_norm(
    A: Any,
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Any:
    """Return a norm of matrices: `fro`, `nuc`, ±1, ±2 or ±inf.

    Raises:
        RuntimeError: no matrix, or no such norm.
    """
    chosen = A if dtype is None else A.to(dtype)
    matrices("linalg.matrix_norm", chosen)
    rows, columns = (axis_of(each, A.ndim) for each in dim)
    if ord == "fro":
        return vector_norm(chosen, 2, (rows, columns), keepdim)
    if ord in ("nuc", 2, -2):
        result = _of_singular_values(chosen, ord, rows, columns)
    elif ord in (1, -1, math.inf, -math.inf):
        summed, other = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = chosen.abs().sum(summed, keepdim=True)
        result = sums.amax(other, True) if ord > 0 else sums.amin(other, True)
        result = result.reshape(
            [size for i, size in enumerate(A.shape) if i not in (rows, columns)]
        )
    else:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    if keepdim:
        for axis in sorted((rows, columns)):
            result = result.unsqueeze(axis)
    return result


def _of_singular_values(a: Any, ord: Any, rows: int, columns: int) -> Any:
    rest = [axis for axis in range(a.ndim) if axis not in (rows, columns)]
    values = svdvals(a.permute([*rest, rows, columns]))
    if ord == "nuc":
        return values.sum(-1)
    return values.amax(-1) if ord == 2 else values.amin(-1)


@composite("cond")
def cond(A: Any, p: Any = None) -> Any:
    """Return the condition number of matrices under a norm (of singular values by default)."""
    matrices("linalg.cond", A)
    if p in (None, 2, -2):
        values = svdvals(A)
        return values[..., -1] / values[..., 0] if p == -2 else values[..., 0] / values[..., -1]
    from gradstep_engine.linalg.solving import inv

    return matrix_norm(A, p) * matrix_norm(inv(A), p)


def matrix_rank(
    A: Any, tol: Any = None, *, atol: Any = None, rtol: Any = None, hermitian: bool = False
) -> Any:
    """Return how many singular values exceed the tolerance: that of torch by default."""
    matrices("linalg.matrix_rank", A)
    values = np.linalg.svd(A._array, compute_uv=False)
    atol = tol if atol is None else atol
    if rtol is None:
        rtol = 0.0 if atol else max(A.shape[-2:]) * float(np.finfo(A._array.dtype).eps)
    largest = np.max(values, axis=-1, keepdims=True, initial=0.0)
    limit = np.maximum(0.0 if atol is None else float(atol), float(rtol) * largest)
    return wrap(np.add.reduce((values > limit).astype(np.int64), axis=-1))
