"""Several tensors made one: cat, stack and their relatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import joining
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.out import into, refuse_gradients

if TYPE_CHECKING:
    from gradstep_engine.tensor import Tensor

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "cat",
    "column_stack",
    "concat",
    "concatenate",
    "dstack",
    "hstack",
    "row_stack",
    "stack",
    "vstack",
]


def _listed(tensors: Any, name: str) -> list[Any]:
    """Return the tensors of a list or tuple, refusing anything else in torch's words."""
    if not isinstance(tensors, (list, tuple)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, "
            f"not {type(tensors).__name__}"
        )
    for place, tensor in enumerate(tensors):
        if not isinstance(tensor, TensorBase):
            raise TypeError(
                f"expected Tensor as element {place} in argument 0, but got {type(tensor).__name__}"
            )
    return list(tensors)


def cat(
    tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None, out: Any = None
) -> Tensor:
    """Return tensors one after another along `dim`; empty vectors do not count.

    Raises:
        ValueError: nothing to join.
        RuntimeError: other sizes differ.
    """
    several = _listed(tensors, "cat")
    if not several:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    for place, tensor in enumerate(several):
        if not tensor._array.ndim:
            raise RuntimeError(
                f"zero-dimensional tensor (at position {place}) cannot be concatenated"
            )
    kept = [t for t in several if t._array.shape != (0,)] or several
    first = kept[0]._array.shape
    along = axis_of(dim if axis is None else axis, len(first))
    for number, tensor in enumerate(several):
        shape = tensor._array.shape
        if shape == first or shape == (0,):
            continue
        if len(shape) != len(first):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
            )
        for each in range(len(first)):
            if each != along and shape[each] != first[each]:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {along}. Expected size "
                    f"{first[each]} but got size {shape[each]} for tensor number {number} in the "
                    "list."
                )
    return _into(out, apply(joining.Cat, *kept, dim=along), "cat", several)  # type: ignore[no-any-return]


concat = concatenate = cat


def stack(
    tensors: Sequence[Tensor], dim: int = 0, *, axis: int | None = None, out: Any = None
) -> Tensor:
    """Return tensors of one shape along a new dimension.

    Raises:
        RuntimeError: nothing to stack, or shapes differ.
    """
    several = _listed(tensors, "stack")
    if not several:
        raise RuntimeError("stack expects a non-empty TensorList")
    first = several[0]._array.shape
    for number, tensor in enumerate(several):
        if tensor._array.shape != first:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 and "
                f"{list(tensor._array.shape)} at entry {number}"
            )
    along = axis_of(dim if axis is None else axis, len(first) + 1)
    return _into(out, apply(joining.Stack, *several, dim=along), "stack", several)  # type: ignore[no-any-return]


def _into(out: Any, result: Any, name: str, inputs: list[Any]) -> Any:
    if out is None:
        return result
    refuse_gradients(name, tuple(inputs))
    return into(out, result, name)


@composite("vstack")
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors one below another; vectors become rows."""
    return cat([_at_least(t, 2) for t in _listed(tensors, "vstack")])


row_stack = vstack


@composite("hstack")
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors side by side; vectors one after another."""
    several = [_at_least(t, 1) for t in _listed(tensors, "hstack")]
    if not several:
        raise RuntimeError("hstack expects a non-empty TensorList")
    return cat(several, 0 if several[0]._array.ndim == 1 else 1)


@composite("dstack")
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors one behind another, along the third dimension."""
    return cat([_at_least(t, 3) for t in _listed(tensors, "dstack")], 2)


@composite("column_stack")
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Return tensors side by side; vectors become columns."""
    several = _listed(tensors, "column_stack")
    return cat([t if t._array.ndim > 1 else t.reshape(-1, 1) for t in several], 1)


def block_diag(*tensors: Any) -> Tensor:
    """Return matrices on the diagonal of a larger one; a vector counts as one row."""
    several = _listed(tensors, "block_diag")
    for place, tensor in enumerate(several):
        if tensor._array.ndim > 2:
            raise RuntimeError(
                "torch.block_diag: Input tensors must have 2 or fewer dimensions. Input "
                f"{place} has {tensor._array.ndim} dimensions"
            )
    return apply(joining.BlockDiag, *several)  # type: ignore[no-any-return]


def _at_least(tensor: Any, rank: int) -> Any:
    """Return `tensor` with dimensions of size 1 added as the atleast functions do."""
    given = tensor._array.ndim
    if given >= rank:
        return tensor
    if given == 0:
        return tensor.reshape((1,) * rank)
    if rank == 2:
        return tensor.unsqueeze(0)
    return tensor.unsqueeze(0).unsqueeze(-1) if given == 1 else tensor.unsqueeze(-1)


def _each_at_least(tensors: Any, rank: int) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        return tuple(_at_least(tensor, rank) for tensor in tensors[0])
    if len(tensors) == 1:
        return _at_least(tensors[0], rank)
    return tuple(_at_least(tensor, rank) for tensor in tensors)


def atleast_1d(*tensors: Any) -> Any:
    """Return each tensor with at least one dimension."""
    return _each_at_least(tensors, 1)


def atleast_2d(*tensors: Any) -> Any:
    """Return each tensor with at least two dimensions; new ones come first."""
    return _each_at_least(tensors, 2)


def atleast_3d(*tensors: Any) -> Any:
    """Return each tensor with at least three dimensions; a matrix gets its third one last."""
    return _each_at_least(tensors, 3)
