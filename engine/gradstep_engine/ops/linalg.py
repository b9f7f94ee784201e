"""Inverses, determinants and solutions of linear equations, of one matrix or a batch.

The derivatives are those of M. Giles, "Collected matrix derivative results for forward and
reverse mode algorithmic differentiation" (2008). Formulas of operators that arrays and tensors
share (`@`, `.mT`) serve both ways back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops.unbroadcast import unbroadcast


class LinAlgError(RuntimeError):
    """What a function of linear algebra raises where the matrix does not allow it."""


def inverse_of(a: Any) -> Any:
    """Return the inverse of an array, or of a tensor as part of the graph."""
    return apply(Inv, a) if isinstance(a, TensorBase) else np.linalg.inv(a)


def solution_of(a: Any, b: Any) -> Any:
    """Return the solution X of A X = B for matrices B, of arrays or of tensors."""
    if isinstance(a, TensorBase) or isinstance(b, TensorBase):
        return apply(Solve, a, b)
    return np.linalg.solve(a, b)


class Inv(Op):
    """A⁻¹ = X.  ∂/∂A = −Xᵀ grad Xᵀ."""

    op_name = "inv"
    node_name = "LinalgInvExBackward0"
    saves_output = True
    fresh = True

    def forward(self, a: Any) -> Any:
        try:
            result = np.linalg.inv(a)
        except np.linalg.LinAlgError:
            raise LinAlgError(
                "linalg.inv: The diagonal element 1 is zero, the inversion could not be completed "
                "because the input matrix is singular."
            ) from None
        self.saved = (result,)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        turned = self.saved[0].mT
        return (-(turned @ grad @ turned),)

    def backward_tensors(self, grad: Any) -> Any:
        turned = self.output().mT
        return (-(turned @ grad @ turned),)


class Det(Op):
    """det A.  ∂/∂A = grad · det A · A⁻ᵀ, the cofactors where A has no inverse."""

    op_name = "det"
    node_name = "LinalgDetBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any) -> Any:
        result = np.linalg.det(a)
        self.saved = (a, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, result = self.saved
        factor = np.asarray(grad)[..., None, None]
        if np.all(result):
            return (factor * np.asarray(result)[..., None, None] * np.linalg.inv(a).mT,)
        return (factor * _cofactors(a),)

    def backward_tensors(self, grad: Any) -> Any:
        a = self.input(0)
        scale = (grad * apply(Det, a)).unsqueeze(-1).unsqueeze(-1)
        return (scale * apply(Inv, a).mT,)


def _cofactors(a: Any) -> Any:
    """Return det A · A⁻ᵀ of matrices that may be singular, from their singular values."""
    u, s, vh = np.linalg.svd(a)
    size = s.shape[-1]
    square = np.where(np.eye(size, dtype=bool), 1, s[..., None, :])
    others = np.multiply.reduce(square, axis=-1)
    sign = np.asarray(np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return (sign * ((u * others[..., None, :]) @ vh)).astype(a.dtype)


class Slogdet(Op):
    """The sign of det A and ln |det A|.  ∂ln/∂A = grad · A⁻ᵀ; the sign is flat."""

    op_name = "slogdet"
    node_name = "LinalgSlogdetBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any) -> Any:
        self.saved = (a,)
        sign, logarithm = np.linalg.slogdet(a)
        return sign, logarithm

    def backward(self, _: Any, grad: Any) -> Any:
        assert self.saved is not None
        if grad is None:
            return (np.zeros_like(self.saved[0]),)
        return (np.asarray(grad)[..., None, None] * np.linalg.inv(self.saved[0]).mT,)

    def backward_tensors(self, _: Any, grad: Any) -> Any:
        a = self.input(0)
        if grad is None:
            return (a * 0,)
        return (grad.unsqueeze(-1).unsqueeze(-1) * apply(Inv, a).mT,)


class Solve(Op):
    """X with A X = B, B of matrices.  ∂/∂B = A⁻ᵀ grad = G, ∂/∂A = −G Xᵀ."""

    op_name = "solve"
    node_name = "LinalgSolveExBackward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        try:
            result = np.linalg.solve(a, b)
        except np.linalg.LinAlgError:
            raise LinAlgError(
                "torch.linalg.solve: The solver failed because the input matrix is singular."
            ) from None
        self.saved = (a, b, result)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, _, result = self.saved
        return self._along(a, result, np.linalg.solve(a.mT, grad))

    def backward_tensors(self, grad: Any) -> Any:
        a, b = self.input(0), self.input(1)
        result = apply(Solve, a, b) if self.needs(0) else None
        return self._along(a, result, apply(Solve, a.mT, grad))

    def _along(self, a: Any, result: Any, along_b: Any) -> Any:
        assert self.saved is not None
        return (
            unbroadcast(-(along_b @ result.mT), a.shape) if self.needs(0) else None,
            unbroadcast(along_b, self.saved[1].shape) if self.needs(1) else None,
        )


class Pinv(Op):
    """The pseudoinverse P of A.

    ∂/∂A = −Pᵀ G Pᵀ + (1 − A P) Gᵀ P Pᵀ + Pᵀ P Gᵀ (1 − P A), G = grad.
    Source: Golub and Pereyra, "The differentiation of pseudo-inverses" (1973).
    """

    op_name = "pinv"
    node_name = "LinalgPinvBackward0"
    saves = (0,)
    saves_output = True
    fresh = True

    def forward(self, a: Any, *, rcond: float) -> Any:
        result = np.linalg.pinv(a, rcond=rcond)
        self.saved = (result, a)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return (self._along(grad, *self.saved),)

    def backward_tensors(self, grad: Any) -> Any:
        return (self._along(grad, self.output(), self.input(0)),)

    def _along(self, grad: Any, p: Any, a: Any) -> Any:
        turned, back = p.mT, grad.mT
        tall = back @ p @ turned
        wide = turned @ p @ back
        return -(turned @ grad @ turned) + tall - a @ p @ tall + wide - wide @ p @ a


class MatrixExp(Op):
    """e^A = Σ Aᵏ / k!.  ∂/∂A is the upper right block of exp([[Aᵀ, grad], [0, Aᵀ]])."""

    op_name = "matrix_exp"
    node_name = "LinalgMatrixExpBackward0"
    saves = (0,)
    fresh = True

    def forward(self, a: Any) -> Any:
        self.saved = (a,)
        return exponential(a)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        (a,) = self.saved
        size = a.shape[-1]
        upper = np.concatenate([a.mT, grad], -1)
        lower = np.concatenate([np.zeros_like(a), a.mT], -1)
        return (exponential(np.concatenate([upper, lower], -2))[..., :size, size:],)

    def backward_tensors(self, grad: Any) -> Any:
        from gradstep_engine.ops.joining import Cat

        turned = self.input(0).mT
        size, last = turned.shape[-1], turned.ndim - 1
        upper = apply(Cat, turned, grad, dim=last)
        lower = apply(Cat, turned.detach() * 0, turned, dim=last)
        both = apply(MatrixExp, apply(Cat, upper, lower, dim=last - 1))
        return (both[..., :size, size:],)


def exponential(a: Any) -> Any:
    """Return e^A: halved until its norm is small, a Taylor polynomial of degree 18, squared back.

    With a norm of at most 1/2 the rest of the series is below 1e-22.
    """
    norm = np.max(np.add.reduce(np.abs(a), axis=-1), initial=0.0)
    if not np.isfinite(norm):
        return np.full_like(a, np.nan)
    halvings = max(0, int(np.ceil(np.log2(norm))) + 1) if norm > 0 else 0
    scaled = a / a.dtype.type(2.0**halvings)
    result = eye = np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)
    for k in range(18, 0, -1):
        result = eye + scaled @ result / a.dtype.type(k)
    for _ in range(halvings):
        result = result @ result
    return np.array(result)
