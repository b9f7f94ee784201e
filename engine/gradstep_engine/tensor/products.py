"""Products of vectors and matrices, joins, and functions of several tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.function import apply, composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import elementwise, joining, matmul
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.ops.einsum import Einsum

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Products(TensorBase):
    """matmul and its special cases."""

    def matmul(self, other: Tensor) -> Tensor:
        """Return the matrix product; vectors and batches as in torch.

        Raises:
            RuntimeError: an operand is 0-d, or inner sizes differ.
        """
        rank, other_rank = self._array.ndim, other._array.ndim
        if rank == 2 and other_rank == 2:
            return apply(matmul.Mm, self, other)  # type: ignore[no-any-return]
        if rank == 1 and other_rank == 1:
            return apply(matmul.Dot, self, other)  # type: ignore[no-any-return]
        if rank == 2 and other_rank == 1:
            return apply(matmul.Mv, self, other)  # type: ignore[no-any-return]
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
        return apply(matmul.Mv, self, vec)  # type: ignore[no-any-return]

    def dot(self, tensor: Tensor) -> Tensor:
        """Return the sum of products of two vectors."""
        ranks = self._array.ndim, tensor._array.ndim
        if ranks != (1, 1):
            raise RuntimeError(f"1D tensors expected, but got {ranks[0]}D and {ranks[1]}D tensors")
        return apply(matmul.Dot, self, tensor)  # type: ignore[no-any-return]

    inner = dot

    def bmm(self, mat2: Tensor) -> Tensor:
        """Return the products of two batches of matrices."""
        _require_rank(self, 3, "batch1 must be a 3D tensor")
        _require_rank(mat2, 3, "batch2 must be a 3D tensor")
        a, b = self._array.shape, mat2._array.shape
        if a[0] != b[0] or a[2] != b[1]:
            raise RuntimeError(
                "Expected size for first two dimensions of batch2 tensor to be: "
                f"[{a[0]}, {a[2]}] but got: [{b[0]}, {b[1]}]."
            )
        return apply(matmul.Bmm, self, mat2)  # type: ignore[no-any-return]

    def addmm(self, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """Return beta · self + alpha · mat1 @ mat2."""
        return apply(matmul.Addmm, self, mat1, mat2, beta=beta, alpha=alpha)  # type: ignore[no-any-return]

    def outer(self, vec2: Tensor) -> Tensor:
        """Return the products of every pair of elements of two vectors."""
        return outer(self, vec2)  # type: ignore[no-any-return]


@composite("outer")
def outer(input: Any, vec2: Any) -> Any:
    """Return the products of every pair of elements of two vectors."""
    return apply(elementwise.Mul, input.unsqueeze(1), vec2)


@composite("matmul")
def _batched(a: Any, b: Any) -> Any:
    vector_left, vector_right = a._array.ndim == 1, b._array.ndim == 1
    left = a.unsqueeze(0) if vector_left else a
    right = b.unsqueeze(1) if vector_right else b
    if left._array.ndim > 2 and right._array.ndim == 2:
        return _folded(left, right, vector_right)
    shapes = left._array.shape, right._array.shape
    if shapes[0][-1] != shapes[1][-2]:
        raise RuntimeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{shapes[1][0]}, {shapes[0][-1]}] but got: [{shapes[1][0]}, {shapes[1][-2]}]."
        )
    product = apply(matmul.Bmm, left, right)
    if vector_left:
        product = product.squeeze(-2)
    return product.squeeze(-1) if vector_right else product


def _folded(left: Any, right: Any, vector_right: bool) -> Any:
    """Return the product of a batch with one matrix as a single product of matrices."""
    sizes = left._array.shape
    product = apply(matmul.Mm, left.reshape(-1, sizes[-1]), right)
    return product.reshape(sizes[:-1] if vector_right else (*sizes[:-1], right._array.shape[1]))


def _require_rank(tensor: TensorBase, rank: int, message: str) -> None:
    if tensor._array.ndim != rank:
        raise RuntimeError(message)


def einsum(equation: str, *operands: Any) -> Tensor:
    """Return a sum of products by index letters, such as `bij,bjk->bik`."""
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    equation = equation.replace(" ", "")
    if "..." in equation:
        from gradstep_engine.missing import missing

        raise missing("einsum with an ellipsis")
    if "->" not in equation:
        letters = [letter for letter in equation if letter != ","]
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        equation = f"{equation}->{''.join(once)}"
    return apply(Einsum, *operands, equation=equation)  # type: ignore[no-any-return]


def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Return tensors one after another along `dim`.

    Raises:
        RuntimeError: nothing to join, or other sizes differ.
    """
    several = [t for t in tensors if t._array.shape != (0,)] or list(tensors)
    if not several:
        raise RuntimeError("expected a non-empty list of Tensors")
    if any(t._array.ndim == 0 for t in several):
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    axis = axis_of(dim, several[0]._array.ndim)
    first = several[0]._array.shape
    for number, tensor in enumerate(several):
        shape = tensor._array.shape
        if len(shape) != len(first):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
            )
        for each in range(len(first)):
            if each != axis and shape[each] != first[each]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size "
                    f"{first[each]} but got size {shape[each]} for tensor number {number} in the "
                    "list."
                )
    return apply(joining.Cat, *several, dim=axis)  # type: ignore[no-any-return]


def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Return tensors of one shape along a new dimension.

    Raises:
        RuntimeError: nothing to stack, or shapes differ.
    """
    several = list(tensors)
    if not several:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = several[0]._array.shape
    for number, tensor in enumerate(several):
        if tensor._array.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(tensor._array.shape)} at entry {number}"
            )
    return apply(joining.Stack, *several, dim=axis_of(dim, len(first) + 1))  # type: ignore[no-any-return]


def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors one below another."""
    return cat([t if t._array.ndim > 1 else t.reshape(1, -1) for t in tensors])


def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors side by side."""
    return cat(list(tensors), 0 if tensors[0]._array.ndim <= 1 else 1)
