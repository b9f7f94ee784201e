"""What the first pictures need is imported while the script's process starts."""

from __future__ import annotations


def import_numpy() -> None:
    """Import numpy, which takes 200 ms: else the first step that shows a tensor would wait."""
    try:
        import numpy  # noqa: F401
    except ImportError:
        return  # What needs it says so in its place.
