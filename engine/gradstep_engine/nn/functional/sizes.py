"""Sizes that may be given as one number or one number per axis."""

from __future__ import annotations

from typing import Any


def pair(value: Any) -> tuple[int, int]:
    """Return (rows, columns) from one number or a sequence of one or two."""
    if isinstance(value, (tuple, list)):
        first, second = value if len(value) == 2 else (value[0], value[0])
        return int(first), int(second)
    return int(value), int(value)
