"""Methods of linear algebra: those of `torch.linalg` under their older names."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.linalg import decompositions, products, solving


class Algebra(TensorBase):
    """Inverses, determinants, decompositions."""

    cholesky_inverse = solving.cholesky_inverse
    cholesky_solve = solving.cholesky_solve
    det = solving.det
    inverse = solving.inv
    logdet = solving.logdet
    matrix_exp = products.matrix_exp
    matrix_power = products.matrix_power
    pinverse = solving.pinverse
    qr = decompositions.qr_old
    slogdet = solving.slogdet
    svd = decompositions.svd_old

    def cholesky(self, upper: bool = False) -> Any:
        """Return L with L Lᵀ = A for positive-definite A; its transpose if `upper`."""
        return decompositions.cholesky(self, upper=upper)
