"""Dimension arguments as torch takes them: negative, several, or None for all."""

from __future__ import annotations

from typing import Any


def axis_of(dim: Any, ndim: int) -> int:
    """Return `dim` counted from the front.

    Raises:
        IndexError: there is no such dimension; a 0-d tensor is treated as having one.
    """
    rank = max(ndim, 1)
    axis = int(dim)
    if not -rank <= axis < rank:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-rank}, {rank - 1}], "
            f"but got {axis})"
        )
    return axis % rank


def axes_of(dim: Any, ndim: int) -> tuple[int, ...] | None:
    """Return the dimensions of a reduction, None for all of them.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: a dimension is named twice.
    """
    if dim is None or (isinstance(dim, (tuple, list)) and not dim):
        return None
    if not isinstance(dim, (tuple, list)):
        return (axis_of(dim, ndim),) if ndim else None
    axes = tuple(axis_of(each, ndim) for each in dim)
    if len(set(axes)) < len(axes):
        repeated = next(axis for axis in axes if axes.count(axis) > 1)
        raise RuntimeError(f"dim {repeated} appears multiple times in the list of dims")
    return axes


def with_axes(reduced: Any, axes: tuple[int, ...] | None, keepdim: bool, ndim: int) -> Any:
    """Return `reduced` with the reduced dimensions of size 1 put back, ready to broadcast."""
    if keepdim or axes is None or not ndim:
        return reduced
    shape = list(reduced.shape)
    for axis in sorted(axes):
        shape.insert(axis, 1)
    return reduced.reshape(shape)
