"""Products made of several: sums of products with something added, Kronecker, cross, distances."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.linalg import products as linalg
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.ops.contraction import Trace
from gradstep_engine.tensor.operands import given_tensor
from gradstep_engine.tensor.products import check_batches, outer

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Contractions(TensorBase):
    """Methods of the same names; `Any` as self, since other topics' methods serve."""

    @composite("inner")
    def inner(self: Any, other: Any) -> Tensor:
        """Return the sums of products along the last dimensions."""
        given_tensor(other, "inner")
        if self.ndim == 0 or other.ndim == 0:
            return self * other  # type: ignore[no-any-return]
        if self.shape[-1] != other.shape[-1]:
            raise RuntimeError(
                "inner() the last dimension must match on both input tensors but got shapes "
                f"{list(self.shape)} and {list(other.shape)}"
            )
        return tensordot(self, other, ([-1], [-1]))  # type: ignore[no-any-return]

    @composite("addmv")
    def addmv(self: Any, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """Return beta · self + alpha · mat @ vec."""
        return _added(self, mat.mv(vec), beta, alpha)  # type: ignore[no-any-return]

    @composite("addr")
    def addr(self: Any, vec1: Any, vec2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """Return beta · self + alpha · vec1 ⊗ vec2."""
        return _added(self, outer(vec1, vec2), beta, alpha)  # type: ignore[no-any-return]

    @composite("addbmm")
    def addbmm(self: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """Return beta · self + alpha · Σ batch1[i] @ batch2[i]."""
        return _added(self, batch1.bmm(batch2).sum(0), beta, alpha)  # type: ignore[no-any-return]

    @composite("baddbmm")
    def baddbmm(
        self: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1
    ) -> Tensor:
        """Return beta · self + alpha · batch1 @ batch2, per batch."""
        check_batches(batch1, batch2)
        return _added(self, batch1.bmm(batch2), beta, alpha)  # type: ignore[no-any-return]

    def trace(self) -> Tensor:
        """Return the sum of the diagonal of a matrix."""
        return apply(Trace, self)  # type: ignore[no-any-return]

    def cross(self: Any, other: Any, dim: int | None = None) -> Tensor:
        """Return cross products along `dim`, by default the first dimension of size 3."""
        if dim is None:
            threes = [i for i, size in enumerate(self.shape) if size == 3]
            if not threes:
                raise RuntimeError("no dimension of size 3 in input")
            dim = threes[0]
        return linalg.cross(self, other, dim=dim)  # type: ignore[no-any-return]

    @composite("kron")
    def kron(self: Any, other: Any) -> Tensor:
        """Return the Kronecker product: every element times the whole of `other`."""
        given_tensor(other, "kron")
        rank = max(self.ndim, other.ndim)
        first = [1] * (rank - self.ndim) + list(self.shape)
        second = [1] * (rank - other.ndim) + list(other.shape)
        spread = [size for n in first for size in (n, 1)]
        tiled = [size for n in second for size in (1, n)]
        product = self.reshape(spread) * other.reshape(tiled)
        return product.reshape([n * m for n, m in zip(first, second, strict=True)])  # type: ignore[no-any-return]


def _added(base: Any, product: Any, beta: float, alpha: float) -> Any:
    scaled = product if alpha == 1 else product * alpha
    if beta == 0:  # what is not wanted may hold NaN
        return scaled
    return (base if beta == 1 else base * beta) + scaled


@composite("tensordot")
def tensordot(a: Any, b: Any, dims: Any = 2, out: Any = None) -> Any:
    """Return sums of products over the last and first `dims` dimensions, or over pairs of them.

    Raises:
        RuntimeError: sizes of paired dimensions differ.
    """
    if isinstance(dims, int):
        left: Any = range(a.ndim - dims, a.ndim)
        right: Any = range(dims)
    else:
        left, right = dims
        left = [left] if isinstance(left, int) else left
        right = [right] if isinstance(right, int) else right
    left = [axis_of(each, a.ndim) for each in left]
    right = [axis_of(each, b.ndim) for each in right]
    for i, j in zip(left, right, strict=True):
        if a.shape[i] != b.shape[j]:
            raise RuntimeError(
                "contracted dimensions need to match, but first has size "
                f"{a.shape[i]} in dim {i} and second has size {b.shape[j]} in dim {j}"
            )
    rest_a = [i for i in range(a.ndim) if i not in left]
    rest_b = [i for i in range(b.ndim) if i not in right]
    inner = math.prod([a.shape[i] for i in left])
    sizes = [a.shape[i] for i in rest_a] + [b.shape[i] for i in rest_b]
    rows = math.prod([a.shape[i] for i in rest_a])
    columns = math.prod([b.shape[i] for i in rest_b])
    product = (
        a.permute([*rest_a, *left])
        .reshape(rows, inner)
        .mm(b.permute([*right, *rest_b]).reshape(inner, columns))
    )
    return product.reshape(sizes)


@composite("chain_matmul")
def chain_matmul(*matrices: Any) -> Any:
    """Return the product of matrices."""
    several: Sequence[Any] = matrices
    if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)):
        several = matrices[0]
    return reduce(lambda a, b: a.mm(b), several)


@composite("cdist")
def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str | None = None) -> Any:
    """Return the p-norm distances of every row of `x1` from every row of `x2`.

    Raises:
        RuntimeError: rows differ in length.
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if x.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}"
        )
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)
