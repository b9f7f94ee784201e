"""Elements along a dimension by index tensors: gather, scatter and their kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.ops import scattering
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.indexing import check_places
from gradstep_engine.tensor.operands import check_broadcast

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor


def _along(op: type[Op], self: Any, dim: int, index: Any, src: Any, **attributes: Any) -> Any:
    """Run a scatter out of place, after torch's checks."""
    axis, source = _checked(op.op_name, self, dim, index, src)
    return apply(op, self, index, source, dim=axis, **attributes)


def _along_inplace(op: type[Op], self: Any, dim: int, index: Any, src: Any, **extra: Any) -> Any:
    axis, source = _checked(op.op_name, self, dim, index, src)
    return apply_inplace(op, self, index, source, dim=axis, **extra)


def _checked(name: str, target: Any, dim: int, index: Any, src: Any) -> tuple[int, Any]:
    axis = axis_of(dim, target._array.ndim)
    source = src._array if isinstance(src, TensorBase) else None
    check_index("scatter()", target, axis, index, source)
    if source is not None and source.dtype != target._array.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    return axis, src


def check_index(name: str, target: Any, axis: int, index: Any, source: Any = None) -> None:
    """Refuse an index tensor of the wrong type, rank, size or with places that are not there.

    Raises:
        RuntimeError: as torch does, also for places out of bounds.
    """
    if not isinstance(index, TensorBase):
        raise TypeError(f"{name}: argument 'index' must be Tensor, not {type(index).__name__}")
    places, shape = index._array, target._array.shape
    if places.dtype != np.int64 and places.dtype != np.int32:
        raise RuntimeError(f"{name}: Expected dtype int32/int64 for index")
    if not places.size:
        return
    gathering = name == "gather()"
    if max(places.ndim, 1) != max(len(shape), 1):
        raise RuntimeError(
            "Index tensor must have the same number of dimensions as "
            f"{'input' if gathering else 'self'} tensor"
        )
    for each, (wanted, there) in enumerate(zip(places.shape, shape, strict=False)):
        too_large = source is not None and source.shape and wanted > source.shape[each]
        if too_large or (each != axis and wanted > there):
            raise RuntimeError(
                (f"Size does not match at dimension {each} expected" if gathering else "Expected")
                + f" index {list(places.shape)} to be no larger than self {list(shape)} apart from "
                f"dimension {axis}"
                + (
                    ""
                    if source is None
                    else f" and to be no larger size than src {list(source.shape)}"
                )
            )
    check_places(places, axis, shape, RuntimeError)


_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


class Scattering(TensorBase):
    """Reading and writing along a dimension by index tensors."""

    def gather(self, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
        """Return the elements at `index` along `dim`."""
        axis = axis_of(dim, self._array.ndim)
        check_index("gather()", self, axis, index)
        if not self._array.ndim or not index._array.ndim:
            return self.reshape(-1)[index.reshape(-1)].reshape(index.shape)  # type: ignore
        return apply(scattering.Gather, self, index, dim=axis)  # type: ignore[no-any-return]

    def take_along_dim(self, indices: Tensor, dim: int | None = None) -> Tensor:
        """Return the elements at `indices` along `dim`; the other dimensions broadcast."""
        if dim is None:
            return self.reshape(-1).gather(0, indices.reshape(-1))  # type: ignore
        axis = axis_of(dim, self._array.ndim)
        ranks = self._array.ndim, indices._array.ndim
        if ranks[0] != ranks[1]:
            raise RuntimeError(
                "torch.take_along_dim(): input and indices should have the same number of "
                f"dimensions, but got {ranks[0]} dimensions for input, and {ranks[1]} dimensions "
                "for indices"
            )
        own, other = list(self._array.shape), list(indices._array.shape)
        own[axis] = other[axis] = 1
        check_broadcast(tuple(own), tuple(other))
        common = list(np.broadcast_shapes(tuple(own), tuple(other)))
        common[axis] = self._array.shape[axis]
        source: Any = self.expand(tuple(common))  # type: ignore[attr-defined]
        common[axis] = indices._array.shape[axis]
        return source.gather(axis, indices.expand(tuple(common)))  # type: ignore[no-any-return]

    def scatter(
        self,
        dim: int,
        index: Tensor,
        src: Any = None,
        *,
        value: Any = None,
        reduce: str | None = None,
    ) -> Tensor:
        """Return a copy with `src` written (or combined by `reduce`) at `index` along `dim`."""
        return _scattered(_along, self, dim, index, src if value is None else value, reduce)  # type: ignore[no-any-return]

    def scatter_(
        self,
        dim: int,
        index: Tensor,
        src: Any = None,
        *,
        value: Any = None,
        reduce: str | None = None,
    ) -> Any:
        """Write `src` (or combine it by `reduce`) at `index` along `dim`."""
        source = src if value is None else value
        return _scattered(_along_inplace, self, dim, index, source, reduce)

    def scatter_add(self, dim: int, index: Tensor, src: Tensor) -> Tensor:
        """Return a copy with `src` added at `index` along `dim`."""
        return _along(scattering.ScatterAdd, self, dim, index, src)  # type: ignore[no-any-return]

    def scatter_add_(self, dim: int, index: Tensor, src: Tensor) -> Any:
        """Add `src` at `index` along `dim`."""
        return _along_inplace(scattering.ScatterAdd, self, dim, index, src)

    def scatter_reduce(
        self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
    ) -> Tensor:
        """Return a copy with `src` combined at `index` along `dim`: sum, prod, mean, amax, amin."""
        return _reduced(_along, self, dim, index, src, reduce, include_self)  # type: ignore[no-any-return]

    def scatter_reduce_(
        self, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
    ) -> Any:
        """Combine `src` at `index` along `dim`: sum, prod, mean, amax or amin."""
        return _reduced(_along_inplace, self, dim, index, src, reduce, include_self)


def _scattered(run: Any, self: Any, dim: int, index: Any, src: Any, reduce: str | None) -> Any:
    if reduce is None:
        return run(scattering.Scatter, self, dim, index, src)
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    if not isinstance(src, TensorBase):
        src = wrap(np.full(index._array.shape, src, self._array.dtype))
    if reduce == "add":
        return run(scattering.ScatterAdd, self, dim, index, src)
    return run(scattering.ScatterReduce, self, dim, index, src, reduce="prod")


def _reduced(
    run: Any, self: Any, dim: int, index: Any, src: Any, reduce: str, include_self: bool
) -> Any:
    if reduce not in _REDUCTIONS:
        raise RuntimeError(
            f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}"
        )
    if reduce == "sum":
        target = self
        if not include_self:
            kept = self.scatter(dim, index, 0)
            if run is _along:
                target = kept
            else:
                self.scatter_(dim, index, 0)
        return run(scattering.ScatterAdd, target, dim, index, src)
    extra = {} if include_self else {"include_self": False}
    return run(scattering.ScatterReduce, self, dim, index, src, reduce=reduce, **extra)
