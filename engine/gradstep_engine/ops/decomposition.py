"""Cholesky, QR, singular values and symmetric eigenvalues, of one matrix or a batch.

Derivatives as in S. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra
functions" (2010), and M. Giles (2008). One formula of `@`, `.mT` and · serves arrays and tensors.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops.linalg import LinAlgError, inverse_of


def diagonal(values: Any) -> Any:
    """Return matrices with `values` on their diagonals, of arrays or of tensors."""
    size = values.shape[-1]
    eye = np.eye(size, dtype=(values._array if isinstance(values, TensorBase) else values).dtype)
    return values[..., None] * eye


def gaps(values: Any) -> Any:
    """Return 1 / (vⱼ − vᵢ) off the diagonal and 0 on it."""
    eye = np.eye(values.shape[-1], dtype=bool)
    distance = values[..., None, :] - values[..., :, None]
    if isinstance(values, TensorBase):
        return (1 / distance.masked_fill(wrap(eye), 1)) * _like(~eye, values)
    return np.where(eye, values.dtype.type(0), 1 / np.where(eye, values.dtype.type(1), distance))


def _like(array: Any, like: Any) -> Any:
    """Return a constant in the type of an array or a tensor."""
    return array.astype((like._array if isinstance(like, TensorBase) else like).dtype)


class Cholesky(Op):
    """L with A = L Lᵀ, lower triangular.

    ∂/∂A = L⁻ᵀ Φ(Lᵀ grad) L⁻¹, made symmetric; Φ keeps the lower triangle and half the diagonal.
    """

    op_name = "cholesky"
    node_name = "LinalgCholeskyExBackward0"
    saves_output = True
    fresh = True

    def forward(self, a: Any) -> Any:
        try:
            result = np.linalg.cholesky(a)
        except np.linalg.LinAlgError:
            raise LinAlgError(
                "linalg.cholesky: The factorization could not be completed because the input is "
                f"not positive-definite (the leading minor of order {_bad_minor(a)} is not "
                "positive-definite)."
            ) from None
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return (self._along(grad, self.saved[0]),)

    def backward_tensors(self, grad: Any) -> Any:
        return (self._along(grad, self.output()),)

    def _along(self, grad: Any, lower: Any) -> Any:
        size = lower.shape[-1]
        half = np.tril(np.ones((size, size))) - np.eye(size) / 2
        inverse = inverse_of(lower)
        along = inverse.mT @ ((lower.mT @ grad) * _like(half, lower)) @ inverse
        return (along + along.mT) / 2


def _bad_minor(a: Any) -> int:
    for matrix in a.reshape(-1, *a.shape[-2:]):
        for order in range(1, len(matrix) + 1):
            if np.linalg.det(matrix[:order, :order]) <= 0:
                return order
    return a.shape[-1]  # type: ignore[no-any-return]


class QR(Op):
    """Q R = A, Q orthogonal and R upper triangular, for as many rows as columns or more.

    ∂/∂A = (grad_Q + Q copyltu(R grad_Rᵀ − grad_Qᵀ Q)) R⁻ᵀ; copyltu mirrors the lower triangle.
    """

    op_name = "qr"
    node_name = "LinalgQrBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, mode: Any = "reduced") -> Any:
        self.mode = mode
        q, r = np.linalg.qr(a, mode=mode)
        self.saved = (a, q, r)
        return q, r

    def backward(self, grad_q: Any, grad_r: Any) -> Any:
        assert self.saved is not None
        return (self._along(grad_q, grad_r, *self.saved[1:]),)

    def backward_tensors(self, grad_q: Any, grad_r: Any) -> Any:
        return (self._along(grad_q, grad_r, *apply(QR, self.input(0), mode=self.mode)),)

    def _along(self, grad_q: Any, grad_r: Any, q: Any, r: Any) -> Any:
        rows, columns = q.shape[-2], r.shape[-1]
        if rows < columns or q.shape[-1] != columns:
            raise RuntimeError(
                "linalg.qr: the gradient needs mode='reduced' and at least as many rows as columns"
            )
        mixed: Any = 0
        if grad_r is not None:
            mixed = r @ grad_r.mT
        if grad_q is not None:
            mixed = mixed - grad_q.mT @ q
        lower = _like(np.tril(np.ones((columns, columns))), r)
        strict = _like(np.tril(np.ones((columns, columns)), -1), r)
        along = q @ (mixed * lower + (mixed * strict).mT)
        if grad_q is not None:
            along = along + grad_q
        return along @ inverse_of(r).mT


class SVD(Op):
    """U diag(S) Vᵀ = A.

    With F = 1 / (sⱼ² − sᵢ²) and G grad:
    ∂/∂A = U [(F∘(UᵀGᵤ − GᵤᵀU)) S + S (F∘(VᵀGᵥ − GᵥᵀV)) + Gₛ] Vᵀ
    + (1 − UUᵀ) Gᵤ S⁻¹ Vᵀ + U S⁻¹ Gᵥᵀ (1 − VVᵀ).
    """

    op_name = "svd"
    node_name = "LinalgSvdBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, full: bool = False) -> Any:
        self.full = full
        u, s, vh = np.linalg.svd(a, full_matrices=full)
        self.saved = (a, u, s, vh)
        return u, s, vh

    def backward(self, grad_u: Any, grad_s: Any, grad_vh: Any) -> Any:
        assert self.saved is not None
        return (self._along(grad_u, grad_s, grad_vh, *self.saved[1:]),)

    def backward_tensors(self, grad_u: Any, grad_s: Any, grad_vh: Any) -> Any:
        # Singular values alone need the short form only, which can be differentiated further.
        full = self.full and (grad_u is not None or grad_vh is not None)
        factors = apply(SVD, self.input(0), full=full)
        return (self._along(grad_u, grad_s, grad_vh, *factors),)

    def _along(self, grad_u: Any, grad_s: Any, grad_vh: Any, u: Any, s: Any, vh: Any) -> Any:
        size = s.shape[-1]
        if self.full and u.shape[-1] != vh.shape[-1]:
            if grad_u is not None or grad_vh is not None:
                raise RuntimeError(
                    "svd_backward: for matrices that are not square, U and V have a gradient with "
                    "full_matrices=False (some=True) only"
                )
            u, vh = u[..., :, :size], vh[..., :size, :]
        inner: Any = 0 if grad_s is None else diagonal(grad_s)
        outer: Any = 0
        if grad_u is not None or grad_vh is not None:
            factor = gaps(s * s)
        if grad_u is not None:
            turned = u.mT @ grad_u
            inner = inner + (factor * (turned - turned.mT)) * s[..., None, :]
            if u.shape[-2] > size:
                outer = outer + ((grad_u - u @ turned) / s[..., None, :]) @ vh
        if grad_vh is not None:
            turned = vh @ grad_vh.mT
            inner = inner + s[..., :, None] * (factor * (turned - turned.mT))
            if vh.shape[-1] > size:
                outer = outer + u @ ((grad_vh - turned.mT @ vh) / s[..., :, None])
        return u @ inner @ vh + outer


class Eigh(Op):
    """V diag(λ) Vᵀ = A for symmetric A.  ∂/∂A = V (G_λ + F∘(VᵀGᵥ)) Vᵀ with F = 1 / (λⱼ − λᵢ)."""

    op_name = "eigh"
    node_name = "LinalgEighBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any, *, uplo: Any = "L") -> Any:
        self.uplo = uplo
        values, vectors = np.linalg.eigh(a, uplo)
        self.saved = (a, values, vectors)
        return values, vectors

    def backward(self, grad_values: Any, grad_vectors: Any) -> Any:
        assert self.saved is not None
        return (self._along(grad_values, grad_vectors, *self.saved[1:]),)

    def backward_tensors(self, grad_values: Any, grad_vectors: Any) -> Any:
        parts = apply(Eigh, self.input(0), uplo=self.uplo)
        return (self._along(grad_values, grad_vectors, *parts),)

    def _along(self, grad_values: Any, grad_vectors: Any, values: Any, vectors: Any) -> Any:
        inner: Any = 0 if grad_values is None else diagonal(grad_values)
        if grad_vectors is not None:
            inner = inner + gaps(values) * (vectors.mT @ grad_vectors)
        return vectors @ inner @ vectors.mT
