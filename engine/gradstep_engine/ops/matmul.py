"""Products of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.ops.unbroadcast import unbroadcast


def check_types(a: Any, b: Any) -> None:
    """Refuse operands of different types: products of matrices do not promote.

    Raises:
        RuntimeError: the types differ.
    """
    if a.dtype != b.dtype:
        raise RuntimeError(
            f"expected m1 and m2 to have the same dtype, but got: {_c_name(a)} != {_c_name(b)}"
        )


def _c_name(a: Any) -> str:
    names = {"Float": "float", "Double": "double", "Half": "c10::Half", "Long": "long int"}
    short = of_numpy(a.dtype).cpu_type
    return names.get(short, short.lower())


class Mm(Op):
    """A · B for matrices.  ∂/∂A = grad · Bᵀ, ∂/∂B = Aᵀ · grad."""

    op_name = "mm"
    node_name = "MmBackward0"
    saves: tuple[int, ...] = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        check_types(a, b)
        if a.shape[1] != b.shape[0]:
            raise RuntimeError(
                "mat1 and mat2 shapes cannot be multiplied "
                f"({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
            )
        self.saved = a, b
        if not self.needs(1):
            self.saved, self.saves = (None, b), (1,)
        elif not self.needs(0):
            self.saved, self.saves = (a, None), (0,)
        return a @ b

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return (
            grad @ b.T if self.needs(0) else None,
            a.T @ grad if self.needs(1) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        return (
            grad.mm(self.input(1).t()) if self.needs(0) else None,
            self.input(0).t().mm(grad) if self.needs(1) else None,
        )


class Mv(Op):
    """A · v for a matrix and a vector.  ∂/∂A = grad ⊗ v, ∂/∂v = Aᵀ · grad."""

    op_name = "mv"
    node_name = "MvBackward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, v: Any) -> Any:
        check_types(a, v)
        if a.shape[1] != v.shape[0]:
            raise RuntimeError(
                f"size mismatch, got input ({a.shape[0]}), mat ({a.shape[0]}x{a.shape[1]}), "
                f"vec ({v.shape[0]})"
            )
        self.saved = a, v
        return a @ v

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, v = self.saved
        return (
            np.multiply.outer(grad, v) if self.needs(0) else None,
            a.T @ grad if self.needs(1) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        return (
            grad.outer(self.input(1)) if self.needs(0) else None,
            self.input(0).t().mv(grad) if self.needs(1) else None,
        )


class Dot(Op):
    """Σ aᵢ bᵢ for vectors.  ∂/∂a = grad · b, ∂/∂b = grad · a."""

    op_name = "dot"
    node_name = "DotBackward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        if a.shape != b.shape:
            raise RuntimeError(
                f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] "
                f"to have the same number of elements, but got {a.shape[0]} and {b.shape[0]} "
                "elements respectively"
            )
        if a.dtype != b.dtype:
            raise RuntimeError(
                "dot : expected both vectors to have same dtype, but found "
                f"{of_numpy(a.dtype).cpu_type} and {of_numpy(b.dtype).cpu_type}"
            )
        self.saved = a, b
        return np.dot(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return grad * b if self.needs(0) else None, grad * a if self.needs(1) else None

    def backward_tensors(self, grad: Any) -> Any:
        return (
            grad * self.input(1) if self.needs(0) else None,
            grad * self.input(0) if self.needs(1) else None,
        )


class Bmm(Op):
    """A · B per batch, batch dimensions broadcast.  ∂/∂A = grad · Bᵀ, ∂/∂B = Aᵀ · grad."""

    op_name = "bmm"
    node_name = "BmmBackward0"
    saves = (0, 1)
    fresh = True

    def forward(self, a: Any, b: Any) -> Any:
        check_types(a, b)
        self.saved = a, b
        return np.matmul(a, b)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        return (
            unbroadcast(np.matmul(grad, b.swapaxes(-1, -2)), a.shape) if self.needs(0) else None,
            unbroadcast(np.matmul(a.swapaxes(-1, -2), grad), b.shape) if self.needs(1) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        along_a = along_b = None
        if self.needs(0):
            assert self.saved is not None
            product = grad.matmul(self.input(1).transpose(-1, -2))
            along_a = unbroadcast(product, self.saved[0].shape)
        if self.needs(1):
            assert self.saved is not None
            product = self.input(0).transpose(-1, -2).matmul(grad)
            along_b = unbroadcast(product, self.saved[1].shape)
        return along_a, along_b


class Addmm(Op):
    """beta · M + alpha · A · B.  ∂/∂M = beta · grad, ∂/∂A = alpha · grad · Bᵀ, and so on."""

    op_name = "addmm"
    node_name = "AddmmBackward0"
    saves = (1, 2)

    def forward(self, m: Any, a: Any, b: Any, *, beta: float = 1, alpha: float = 1) -> Any:
        check_types(a, b)
        if a.shape[1] != b.shape[0]:
            raise RuntimeError(
                "mat1 and mat2 shapes cannot be multiplied "
                f"({a.shape[0]}x{a.shape[1]} and {b.shape[0]}x{b.shape[1]})"
            )
        self.saved = a, b
        self.shape: tuple[int, ...] = m.shape
        self.scales = beta, alpha
        product = a @ b
        return m + product if beta == alpha == 1 else beta * m + alpha * product

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        a, b = self.saved
        beta, alpha = self.scales
        scaled = grad if alpha == 1 else grad * alpha
        return (
            unbroadcast(grad if beta == 1 else grad * beta, self.shape) if self.needs(0) else None,
            scaled @ b.T if self.needs(1) else None,
            a.T @ scaled if self.needs(2) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        beta, alpha = self.scales
        scaled = grad if alpha == 1 else grad * alpha
        return (
            unbroadcast(grad if beta == 1 else grad * beta, self.shape) if self.needs(0) else None,
            scaled.mm(self.input(2).t()) if self.needs(1) else None,
            self.input(1).t().mm(scaled) if self.needs(2) else None,
        )
