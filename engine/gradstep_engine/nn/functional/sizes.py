"""Sizes that may be given as one number or one number per axis."""

from __future__ import annotations

from typing import Any


def per_axis(value: Any, axes: int) -> tuple[int, ...]:
    """Return one number for each axis from a number, or a sequence of one or of `axes`.

    Raises:
        ValueError: a sequence of another length.
    """
    if isinstance(value, (tuple, list)):
        if len(value) == axes:
            return tuple([int(each) for each in value])
        if len(value) != 1:
            raise ValueError(f"expected 1 or {axes} numbers, but got {tuple(value)}")
        value = value[0]
    return (int(value),) * axes


def pair(value: Any) -> tuple[int, int]:
    """Return (rows, columns) from one number or a sequence of one or two."""
    first, second = per_axis(value, 2)
    return first, second
