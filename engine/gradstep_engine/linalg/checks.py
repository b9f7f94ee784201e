"""What functions of linear algebra ask of their matrices, in torch's words."""

from __future__ import annotations

from typing import Any

from gradstep_engine.dtypes import of_numpy


def floating(name: str, a: Any) -> None:
    """Refuse whole numbers.

    Raises:
        RuntimeError: the elements are no floats.
    """
    if a._array.dtype.kind != "f":
        raise RuntimeError(
            f"{name}: Expected a floating point or complex tensor as input. Got "
            f"{of_numpy(a._array.dtype).cpu_type}"
        )


def matrices(name: str, a: Any, letter: str = "A") -> None:
    """Refuse what is no matrix of floats nor a batch of them.

    Raises:
        RuntimeError: fewer than two dimensions, or no floats.
    """
    if a._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {letter} must have at least 2 dimensions.")
    floating(name, a)


def square(name: str, a: Any, letter: str = "A") -> None:
    """Refuse what is no square matrix of floats nor a batch of them.

    Raises:
        RuntimeError: not square, fewer than two dimensions, or no floats.
    """
    matrices(name, a, letter)
    rows, columns = a._array.shape[-2:]
    if rows != columns:
        raise RuntimeError(
            f"{name}: {letter} must be batches of square matrices, "
            f"but they are {rows} by {columns} matrices"
        )
