"""Inverses, determinants, linear equations."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.linalg.checks import matrices, square
from gradstep_engine.missing import missing
from gradstep_engine.ops import linalg as ops


class SignLogabsdet(NamedTuple):
    """The sign of a determinant and the logarithm of its magnitude."""

    sign: Any
    logabsdet: Any


class LeastSquares(NamedTuple):
    """A solution of least squares and what came with it."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


def inv(A: Any) -> Any:
    """Return the inverse of square matrices.

    Raises:
        LinAlgError: a matrix is singular.
    """
    square("linalg.inv", A)
    return apply(ops.Inv, A)


def det(A: Any) -> Any:
    """Return the determinants of square matrices."""
    square("linalg.det", A)
    return apply(ops.Det, A)


def slogdet(A: Any) -> SignLogabsdet:
    """Return the signs and the logarithms of the magnitudes of determinants."""
    square("linalg.slogdet", A)
    return SignLogabsdet(*apply(ops.Slogdet, A))


@composite("logdet")
def logdet(A: Any) -> Any:
    """Return the logarithms of determinants, NaN where one is negative."""
    sign, logarithm = slogdet(A)
    return logarithm.masked_fill(sign.detach() < 0, float("nan"))


def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """Return X with A X = B (or X A = B); B is a vector, a matrix or a batch of either.

    Raises:
        LinAlgError: a matrix is singular.
        RuntimeError: shapes do not fit.
    """
    square("linalg.solve", A)
    return composite("solve")(_solved)(A, B, left)


def _solved(A: Any, B: Any, left: bool) -> Any:
    if B.ndim == 1 or B.shape == A.shape[:-1]:
        if B.shape[-1] != A.shape[-1]:
            raise _incompatible(A, B)
        return apply(ops.Solve, A, B.unsqueeze(-1)).squeeze(-1)
    if not left:
        return _solved(A.mT, B.mT, True).mT
    if B.shape[-2] != A.shape[-1]:
        raise _incompatible(A, B)
    return apply(ops.Solve, A, B)


def _incompatible(A: Any, B: Any) -> RuntimeError:
    sizes = [f"{x.shape[-2]}x{x.shape[-1]}" if x.ndim > 1 else f"{x.shape[0]}" for x in (A, B)]
    return RuntimeError(
        f"linalg.solve: Incompatible shapes of A and B for the equation AX = B ({sizes[0]} and "
        f"{sizes[1]})"
    )


@composite("solve_triangular")
def solve_triangular(
    A: Any, B: Any, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Any:
    """Return X with A X = B (or X A = B), reading one triangle of A only."""
    square("linalg.solve_triangular", A)
    triangle = A.triu(1 if unitriangular else 0) if upper else A.tril(-1 if unitriangular else 0)
    if unitriangular:
        triangle = triangle + wrap(np.eye(A.shape[-1], dtype=A._array.dtype))
    if left:
        return apply(ops.Solve, triangle, B)
    return apply(ops.Solve, triangle.mT, B.mT).mT


@composite("cholesky_solve")
def cholesky_solve(B: Any, L: Any, upper: bool = False) -> Any:
    """Return X with L Lᵀ X = B."""
    lower = L.mT.tril() if upper else L.tril()
    return apply(ops.Solve, lower.mT, apply(ops.Solve, lower, B))


@composite("cholesky_inverse")
def cholesky_inverse(L: Any, upper: bool = False) -> Any:
    """Return the inverse of L Lᵀ."""
    lower = L.mT.tril() if upper else L.tril()
    return apply(ops.Inv, lower @ lower.mT)


def pinv(A: Any, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Any:
    """Return the pseudoinverse; singular values below `rtol` times the largest count as zero."""
    matrices("linalg.pinv", A)
    if atol is not None:
        raise missing("torch.linalg.pinv(atol=...)")
    if rtol is None:
        rtol = max(A.shape[-2:]) * float(np.finfo(A._array.dtype).eps)
    return apply(ops.Pinv, A, rcond=float(rtol))


def pinverse(input: Any, rcond: float = 1e-15) -> Any:
    """Return the pseudoinverse."""
    return pinv(input, rtol=rcond)


@composite("lstsq")
def lstsq(A: Any, B: Any, rcond: Any = None, *, driver: str | None = None) -> LeastSquares:
    """Return X with the smallest |A X − B|."""
    matrices("linalg.lstsq", A)
    vector = B.ndim == 1 or (B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    right = B.unsqueeze(-1) if vector else B
    solution = pinv(A, rtol=rcond) @ right
    rank = np.asarray(np.linalg.matrix_rank(A._array, rcond), dtype=np.int64)
    residuals = wrap(np.zeros(0, A._array.dtype))
    if A.shape[-2] > A.shape[-1] and bool(np.all(rank == A.shape[-1])):
        residuals = ((A @ solution - right) ** 2).sum(-2)
    none = wrap(np.zeros(0, A._array.dtype))
    return LeastSquares(solution.squeeze(-1) if vector else solution, residuals, wrap(rank), none)
