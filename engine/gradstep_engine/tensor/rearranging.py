"""Dimensions in another order, elements turned around, triangles and diagonals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import indexing, shape, windows
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.shaping import sizes_of

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


class Rearranging(TensorBase):
    """Views and copies with elements in another order."""

    @property
    def T(self) -> Tensor:
        """The tensor with all dimensions in reverse order."""
        dims = tuple(range(self._array.ndim))[::-1]
        return apply(shape.Permute, self, dims=dims)  # type: ignore[no-any-return]

    @property
    def mT(self) -> Tensor:
        """The tensor with its last two dimensions swapped."""
        if self._array.ndim < 2:
            raise RuntimeError(
                "tensor.mT is only supported on matrices or batches of matrices. Got "
                f"{self._array.ndim}-D tensor."
            )
        return self.transpose(-2, -1)

    H = T
    mH = mT

    def adjoint(self) -> Tensor:
        """Return the tensor with its last two dimensions swapped: there are no complex numbers."""
        return self.transpose(-2, -1)

    def transpose(self, dim0: int, dim1: int) -> Tensor:
        """Return the tensor with two dimensions swapped."""
        rank = self._array.ndim
        first, second = axis_of(dim0, rank), axis_of(dim1, rank)
        dims = list(range(rank))
        if rank:
            dims[first], dims[second] = second, first
        return apply(shape.Transpose, self, dims=tuple(dims))  # type: ignore[no-any-return]

    swapaxes = swapdims = transpose

    def t(self) -> Tensor:
        """Return a matrix transposed; a vector stays as it is.

        Raises:
            RuntimeError: the tensor has more than two dimensions.
        """
        rank = self._array.ndim
        if rank > 2:
            raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {rank}D")
        return apply(shape.T, self, dims=tuple(range(rank))[::-1])  # type: ignore[no-any-return]

    def permute(self, *dims: Any) -> Tensor:
        """Return the tensor with its dimensions in the given order."""
        rank = self._array.ndim
        wanted = sizes_of(dims)
        if len(wanted) != rank:
            raise RuntimeError(
                "permute(sparse_coo): number of dimensions in the tensor input does not match the "
                f"length of the desired ordering of dimensions i.e. input.dim() = {rank} is not "
                f"equal to len(dims) = {len(wanted)}"
            )
        order = tuple([axis_of(dim, rank) for dim in wanted])
        if len(set(order)) < rank:
            raise RuntimeError("permute(): duplicate dims are not allowed.")
        return apply(shape.Permute, self, dims=order)  # type: ignore[no-any-return]

    def movedim(self, source: Any, destination: Any) -> Tensor:
        """Return the tensor with one dimension, or several, moved elsewhere."""
        rank = self._array.ndim
        origin, goal = _listed(source), _listed(destination)
        if len(origin) != len(goal):
            raise RuntimeError(
                f"movedim: Invalid source or destination dims: source ({origin} dims) should "
                f"contain the same number of dims as destination ({goal} dims)"
            )
        sources, goals = ([axis_of(dim, rank) for dim in dims] for dims in (origin, goal))
        for name, given, axes in (("source", origin, sources), ("destination", goal, goals)):
            if len(set(axes)) < len(axes):
                raise RuntimeError(f"movedim: repeated dim in `{name}` ({given})")
        order = [axis for axis in range(rank) if axis not in sources]
        for place, axis in sorted(zip(goals, sources, strict=True)):
            order.insert(place, axis)
        return apply(shape.Permute, self, dims=tuple(order))  # type: ignore[no-any-return]

    moveaxis = movedim

    def flip(self, *dims: Any) -> Tensor:
        """Return a copy with dimensions reversed."""
        axes = tuple([axis_of(dim, self._array.ndim) for dim in sizes_of(dims)])
        for axis in axes:
            if axes.count(axis) > 1:
                raise RuntimeError(f"dim {axis} appears multiple times in the list of dims")
        return apply(shape.Flip, self, dims=axes if self._array.ndim else ())  # type: ignore[no-any-return]

    def fliplr(self) -> Tensor:
        """Return a copy with the second dimension reversed."""
        if self._array.ndim < 2:
            raise RuntimeError("Input must be >= 2-d.")
        return self.flip(1)

    def flipud(self) -> Tensor:
        """Return a copy with the first dimension reversed."""
        if self._array.ndim < 1:
            raise RuntimeError("Input must be >= 1-d.")
        return self.flip(0)

    def roll(self, shifts: Any, dims: Any = None) -> Tensor:
        """Return a copy with elements shifted around, along all dimensions as one by default."""
        steps = _listed(shifts)
        axes = [] if dims is None else _listed(dims)
        if len(steps) != len(axes) and (axes or len(steps) != 1):
            raise RuntimeError(
                f"shifts and dimensions must align. shifts: {len(steps)}, dims:{len(axes)}"
            )
        if not axes:
            return apply(shape.Roll, self, shifts=steps[0], dims=None)  # type: ignore[no-any-return]
        along = tuple([axis_of(dim, self._array.ndim) for dim in axes])
        return apply(shape.Roll, self, shifts=tuple(steps), dims=along)  # type: ignore[no-any-return]

    def rot90(self, k: int = 1, dims: Any = (0, 1)) -> Tensor:
        """Return a copy with a plane turned by k quarter turns, first dim to second."""
        if len(dims) != 2:
            raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
        axes = tuple([axis_of(dim, self._array.ndim) for dim in dims])
        if axes[0] == axes[1]:
            raise RuntimeError(
                f"expected rotation dims to be different, but got dim0 = {dims[0]} and "
                f"dim1 = {dims[1]}"
            )
        return apply(shape.Rot90, self, k=k, dims=axes)  # type: ignore[no-any-return]

    def tril(self, diagonal: int = 0) -> Tensor:
        """Return the part of matrices on and below a diagonal."""
        self._require_matrix("tril")
        return apply(shape.Triangle, self, diagonal=diagonal)  # type: ignore[no-any-return]

    def triu(self, diagonal: int = 0) -> Tensor:
        """Return the part of matrices on and above a diagonal."""
        self._require_matrix("triu")
        return apply(shape.Triangle, self, diagonal=diagonal, upper=True)  # type: ignore[no-any-return]

    def _require_matrix(self, name: str) -> None:
        if self._array.ndim < 2:
            raise RuntimeError(f"{name}: input tensor must have at least 2 dimensions")

    def diagonal(self, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
        """Return the elements whose indices along two dimensions differ by `offset` (a view)."""
        rank = self._array.ndim
        first, second = axis_of(dim1, rank), axis_of(dim2, rank)
        if first == second:
            raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
        return apply(indexing.Diagonal, self, offset=offset, dim1=first, dim2=second)  # type: ignore[no-any-return]

    def diag(self, diagonal: int = 0) -> Tensor:
        """Return a matrix with this vector on a diagonal, or the diagonal of this matrix."""
        rank = self._array.ndim
        if rank == 1:
            return self.diag_embed(diagonal)
        if rank != 2:
            raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {rank}D")
        return self.diagonal(diagonal)

    def diag_embed(self, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
        """Return zeros with the last dimension laid out on a diagonal."""
        rank = self._array.ndim + 1
        first, second = axis_of(dim1, rank), axis_of(dim2, rank)
        if first == second:
            raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
        return apply(windows.DiagEmbed, self, offset=offset, dim1=first, dim2=second)  # type: ignore[no-any-return]

    def diagflat(self, offset: int = 0) -> Tensor:
        """Return a matrix with all elements on a diagonal."""
        return self.reshape(-1).diag(offset)  # type: ignore[attr-defined, no-any-return]

    def unfold(self, dimension: int, size: int, step: int) -> Tensor:
        """Return windows of `size` elements, `step` apart (a view).

        Raises:
            RuntimeError: a window is larger than the dimension, or the step is not positive.
        """
        axis = axis_of(dimension, self._array.ndim)
        length = self._array.shape[axis] if self._array.ndim else 1
        if size < 0:
            raise RuntimeError(f"size is {size} but must be >= 0")
        if size > length:
            raise RuntimeError(
                f"maximum size for tensor at dimension {axis} is {length} but size is {size}"
            )
        if step <= 0:
            raise RuntimeError(f"step is {step} but must be > 0")
        return apply(windows.Unfold, self, dim=axis, size=size, step=step)  # type: ignore[no-any-return]


def _listed(dims: Any) -> list[int]:
    return list(dims) if isinstance(dims, (tuple, list)) else [dims]
