"""Products of vectors and matrices, joins, and functions of several tensors."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import elementwise, matmul
from gradstep_engine.tensor.operands import check_broadcast, given_tensor

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Products(TensorBase):
    """matmul and its special cases."""

    def matmul(self, other: Tensor) -> Tensor:
        """Return the matrix product; vectors and batches as in torch.

        Raises:
            RuntimeError: an operand is 0-d, or inner sizes differ.
        """
        if not isinstance(other, TensorBase):
            raise TypeError(
                "matmul(): argument 'other' (position 1) must be Tensor, "
                f"not {type(other).__name__}"
            )
        rank, other_rank = self._array.ndim, other._array.ndim
        if rank == 2 and other_rank == 2:
            return apply(matmul.MatrixTimesMatrix, self, other)  # type: ignore[no-any-return]
        if rank == 1 and other_rank == 1:
            return apply(matmul.VectorTimesVector, self, other)  # type: ignore[no-any-return]
        if rank == 2 and other_rank == 1:
            return apply(matmul.MatrixTimesVector, self, other)  # type: ignore[no-any-return]
        if rank == 0 or other_rank == 0:
            raise RuntimeError(
                f"both arguments to matmul need to be at least 1D, but they are {rank}D and "
                f"{other_rank}D"
            )
        return _batched(self, other)  # type: ignore[no-any-return]

    def mm(self, mat2: Tensor) -> Tensor:
        """Return the product of two matrices."""
        _require_rank(self, 2, "self must be a matrix")
        _require_rank(mat2, 2, "mat2 must be a matrix")
        return apply(matmul.Mm, self, mat2)  # type: ignore[no-any-return]

    def mv(self, vec: Tensor) -> Tensor:
        """Return the product of a matrix and a vector."""
        given_tensor(vec, "mv", "vec")
        ranks = self._array.ndim, vec._array.ndim
        if ranks != (2, 1):
            raise RuntimeError(f"vector + matrix @ vector expected, got 1, {ranks[0]}, {ranks[1]}")
        return apply(matmul.Mv, self, vec)  # type: ignore[no-any-return]

    def dot(self, tensor: Tensor) -> Tensor:
        """Return the sum of products of two vectors."""
        given_tensor(tensor, "dot", "tensor")
        ranks = self._array.ndim, tensor._array.ndim
        if ranks != (1, 1):
            raise RuntimeError(f"1D tensors expected, but got {ranks[0]}D and {ranks[1]}D tensors")
        return apply(matmul.Dot, self, tensor)  # type: ignore[no-any-return]

    def vdot(self, other: Tensor) -> Tensor:
        """Return the sum of products of two vectors."""
        given_tensor(other, "vdot")
        ranks = self._array.ndim, other._array.ndim
        if ranks != (1, 1):
            raise RuntimeError(f"1D tensors expected, but got {ranks[0]}D and {ranks[1]}D tensors")
        return apply(matmul.Vdot, self, other)  # type: ignore[no-any-return]

    def bmm(self, mat2: Tensor) -> Tensor:
        """Return the products of two batches of matrices."""
        check_batches(self, mat2)
        return apply(matmul.Bmm, self, mat2)  # type: ignore[no-any-return]

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """Return beta · self + alpha · mat1 @ mat2."""
        _require_rank(mat1, 2, f"mat1 must be a matrix, got {mat1._array.ndim}-D tensor")
        _require_rank(mat2, 2, f"mat2 must be a matrix, got {mat2._array.ndim}-D tensor")
        return apply(matmul.Addmm, self, mat1, mat2, beta=beta, alpha=alpha)  # type: ignore[no-any-return]

    def outer(self, vec2: Tensor) -> Tensor:
        """Return the products of every pair of elements of two vectors."""
        return outer(self, vec2)  # type: ignore[no-any-return]

    ger = outer


@composite("outer")
def outer(input: Any, vec2: Any) -> Any:
    """Return the products of every pair of elements of two vectors."""
    given_tensor(input, "outer", "input", 1)
    given_tensor(vec2, "outer", "vec2", 2)
    for name, tensor in (("self", input), ("vec2", vec2)):
        if tensor._array.ndim != 1:
            raise RuntimeError(
                f"outer: Expected 1-D argument {name}, but got {tensor._array.ndim}-D"
            )
    return apply(elementwise.Mul, input.unsqueeze(1), vec2)


ger = outer


def check_batches(a: Any, b: Any, names: tuple[str, str] = ("batch1", "batch2")) -> None:
    """Refuse what are no two batches of matrices that can be multiplied.

    Raises:
        RuntimeError: not three dimensions, or sizes differ.
    """
    _require_rank(a, 3, f"{names[0]} must be a 3D tensor")
    _require_rank(b, 3, f"{names[1]} must be a 3D tensor")
    first, second = a._array.shape, b._array.shape
    if first[0] != second[0] or first[2] != second[1]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{first[0]}, {first[2]}] but got: [{second[0]}, {second[1]}]."
        )


@composite("matmul")
def _batched(a: Any, b: Any) -> Any:
    vector_left, vector_right = a._array.ndim == 1, b._array.ndim == 1
    left = a.unsqueeze(0) if vector_left else a
    right = b.unsqueeze(1) if vector_right else b
    if left._array.ndim > 2 and right._array.ndim == 2:
        return _folded(left, right, vector_right)
    first, second = left._array.shape, right._array.shape
    check_broadcast(first[:-2], second[:-2])
    if first[-1] != second[-2]:
        count = math.prod(np.broadcast_shapes(first[:-2], second[:-2]))
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{count}, {first[-1]}] but got: [{count}, {second[-2]}]."
        )
    product = apply(matmul.Bmm, left, right)
    if vector_left:
        product = product.squeeze(-2)
    return product.squeeze(-1) if vector_right else product


def _folded(left: Any, right: Any, vector_right: bool) -> Any:
    """Return the product of a batch with one matrix as a single product of matrices."""
    sizes = left._array.shape
    if vector_right and sizes[-1] != right._array.shape[0]:
        rows = math.prod(sizes[:-1])
        raise RuntimeError(
            f"size mismatch, got input ({rows}), mat ({rows}x{sizes[-1]}), "
            f"vec ({right._array.shape[0]})"
        )
    product = apply(matmul.Mm, left.reshape(-1, sizes[-1]), right)
    return product.reshape(sizes[:-1] if vector_right else (*sizes[:-1], right._array.shape[1]))


def _require_rank(tensor: TensorBase, rank: int, message: str) -> None:
    if tensor._array.ndim != rank:
        raise RuntimeError(message)
