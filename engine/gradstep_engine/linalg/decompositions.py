"""Matrices as products of simpler ones."""

from __future__ import annotations

from typing import Any, NamedTuple

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.linalg.checks import matrices, square
from gradstep_engine.missing import missing
from gradstep_engine.ops import decomposition as ops


class QR(NamedTuple):
    """An orthogonal and an upper triangular matrix."""

    Q: Any
    R: Any


class SVD(NamedTuple):
    """Singular vectors and values, the right vectors in rows."""

    U: Any
    S: Any
    Vh: Any


class SVDOld(NamedTuple):
    """Singular vectors and values, the right vectors in columns."""

    U: Any
    S: Any
    V: Any


class Eigen(NamedTuple):
    """Eigenvalues and eigenvectors in columns."""

    eigenvalues: Any
    eigenvectors: Any


def cholesky(A: Any, *, upper: bool = False) -> Any:
    """Return L with L Lᵀ = A for positive-definite A; its transpose if `upper`.

    Raises:
        LinAlgError: A is not positive-definite.
    """
    square("linalg.cholesky", A)
    lower = apply(ops.Cholesky, A)
    return lower.mT if upper else lower


def qr(A: Any, mode: str = "reduced") -> QR:
    """Return Q and R with Q R = A.

    Raises:
        RuntimeError: `mode` is neither reduced, complete nor r.
    """
    matrices("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    q, r = apply(ops.QR, A, mode="reduced" if mode == "r" else mode)
    return QR(q[..., :0].detach().reshape(0) if mode == "r" else q, r)


def qr_old(input: Any, some: bool = True) -> QR:
    """Return Q and R, as `torch.qr`."""
    return qr(input, "reduced" if some else "complete")


def svd(A: Any, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """Return U, S, Vh with U diag(S) Vh = A."""
    matrices("linalg.svd", A)
    return SVD(*apply(ops.SVD, A, full=full_matrices))


def svdvals(A: Any, *, driver: str | None = None) -> Any:
    """Return the singular values, the largest first."""
    matrices("linalg.svdvals", A)
    return apply(ops.SVD, A, full=False)[1]


@composite("svd")
def svd_old(input: Any, some: bool = True, compute_uv: bool = True) -> SVDOld:
    """Return U, S, V with U diag(S) Vᵀ = A, as `torch.svd`."""
    if not compute_uv:
        raise missing("torch.svd(compute_uv=False); torch.linalg.svdvals does it")
    matrices("linalg.svd", input)
    u, s, vh = apply(ops.SVD, input, full=not some)
    return SVDOld(u, s, vh.mT)


def eigh(A: Any, UPLO: str = "L") -> Eigen:
    """Return eigenvalues in ascending order and eigenvectors of symmetric matrices."""
    square("linalg.eigh", A)
    return Eigen(*apply(ops.Eigh, A, uplo=UPLO))


def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """Return the eigenvalues of symmetric matrices in ascending order."""
    square("linalg.eigvalsh", A)
    return apply(ops.Eigh, A, uplo=UPLO)[0]


def eig(A: Any) -> Any:
    """Refuse: eigenvalues in general are complex.

    Raises:
        MissingFeatureError: always.
    """
    raise missing("torch.linalg.eig (complex numbers); torch.linalg.eigh takes symmetric matrices")


def eigvals(A: Any) -> Any:
    """Refuse: eigenvalues in general are complex.

    Raises:
        MissingFeatureError: always.
    """
    raise missing("torch.linalg.eigvals (complex numbers); torch.linalg.eigvalsh is there")
