"""Where values belong in an order, and which are among others."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import wrap
from gradstep_engine.dtypes import default_numpy
from gradstep_engine.out import into
from gradstep_engine.tensor import Tensor
from gradstep_engine.tensor.operands import given_tensor

__all__ = ["bucketize", "isin", "searchsorted", "unravel_index"]


def _array_of(values: Any) -> Any:
    if isinstance(values, Tensor):
        return values._array
    return np.asarray(values, default_numpy() if isinstance(values, float) else None)


def searchsorted(
    sorted_sequence: Tensor,
    input: Any = None,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Return where to insert values so that (each row of) a sorted sequence stays sorted.

    Args:
        sorted_sequence: a vector, or rows that go with the rows of the values.
        input: the values to insert; its keyword is `input`.
        out_int32: give int32 instead of int64.
        right: among equal elements the place after the last instead of before the first.
        side: the same in words, "left" or "right".
        sorter: the order of an unsorted sequence.
        out: where to write.

    Raises:
        RuntimeError: shapes do not go together, or `right` and `side` disagree.
    """
    if side not in (None, "left", "right"):
        raise RuntimeError(
            "torch.searchsorted(): side can only be 'left' or 'right' but got " + str(side)
        )
    if right and side == "left":
        raise RuntimeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left "
            "while right was True"
        )
    given_tensor(sorted_sequence, "searchsorted", "sorted_sequence")
    bounds, values = sorted_sequence._array, _array_of(input)
    if bounds.ndim != 1 and bounds.shape[:-1] != values.shape[:-1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 "
            "dimensions of boundaries tensor and input value tensor must match, but we got "
            f"boundaries tensor {list(bounds.shape)} and input value tensor {list(values.shape)}"
        )
    if sorter is not None:
        bounds = np.take_along_axis(bounds, sorter._array, -1)
    where: Any = "right" if right or side == "right" else "left"
    if bounds.ndim == 1:
        found = np.asarray(np.searchsorted(bounds, values, where))
    else:
        rows = bounds.reshape(-1, bounds.shape[-1])
        wanted = values.reshape(len(rows), -1)
        found = np.stack(
            [np.searchsorted(row, each, where) for row, each in zip(rows, wanted, strict=True)]
        ).reshape(values.shape)
    return into(out, wrap(found.astype(np.int32 if out_int32 else np.int64)), "searchsorted")  # type: ignore[no-any-return]


def bucketize(
    input: Any,
    boundaries: Tensor,
    *,
    out_int32: bool = False,
    right: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Return the number of the bucket, between sorted boundaries, that each value falls into."""
    given_tensor(boundaries, "bucketize", "boundaries", 2)
    if boundaries._array.ndim != 1:
        raise RuntimeError(
            f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


def isin(
    elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Return which elements are among `test_elements`; one of the two may be a number.

    Raises:
        TypeError: both are numbers.
    """
    if not isinstance(elements, Tensor) and not isinstance(test_elements, Tensor):
        raise TypeError("isin() received an invalid combination of arguments - got two numbers")
    found = np.isin(
        _array_of(elements),
        _array_of(test_elements),
        assume_unique=assume_unique,
        invert=invert,
    )
    return wrap(found)


def unravel_index(indices: Tensor, shape: Any) -> tuple[Tensor, ...]:
    """Return the place along every dimension of elements given by their number in order.

    Raises:
        ValueError: a number is outside the shape.
    """
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    places = np.unravel_index(indices._array, sizes)
    return tuple(wrap(np.asarray(place)) for place in places)
