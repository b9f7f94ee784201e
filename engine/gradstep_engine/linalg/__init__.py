"""Linear algebra, as `torch.linalg`."""

from __future__ import annotations

from typing import Any

from gradstep_engine.linalg.decompositions import (
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from gradstep_engine.linalg.norms import cond, matrix_norm, matrix_rank, norm, vector_norm
from gradstep_engine.linalg.products import (
    cross,
    matmul,
    matrix_exp,
    matrix_power,
    multi_dot,
    vander,
    vecdot,
)
from gradstep_engine.linalg.solving import det, inv, lstsq, pinv, slogdet, solve, solve_triangular
from gradstep_engine.linalg.tensors import diagonal, tensorinv, tensorsolve
from gradstep_engine.ops.linalg import LinAlgError

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eig",
    "eigh",
    "eigvals",
    "eigvalsh",
    "inv",
    "lstsq",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "tensorinv",
    "tensorsolve",
    "vander",
    "vecdot",
    "vector_norm",
]


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    from gradstep_engine.missing import missing

    raise missing(f"torch.linalg.{name}")
