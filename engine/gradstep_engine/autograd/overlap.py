"""Operands of an in-place operation that look into the memory it writes."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import TensorBase


def reads_its_target(target: TensorBase, others: tuple[Any, ...]) -> bool:
    """Return whether any of `others` is on the memory of `target`."""
    box = target._version_box
    for other in others:
        if other is target:
            return True
        if box is not None and isinstance(other, TensorBase) and other._version_box is box:
            return True
    return False


# PyTorch reads these operands before it writes, or does not look.
_READ_BEFORE = frozenset({"fill_", "masked_fill", "index_fill", "masked_scatter", "addmm"})
# Their operands may not even be the very elements that are written.
_APART = frozenset(
    {"index_put", "index_copy", "index_add", "put", "scatter", "scatter_add", "scatter_reduce"}
)


def refuse_overlap(
    name: str, array: Any, others: tuple[Any, ...], index: tuple[Any, ...] | None
) -> None:
    """Raise where elements might be read after they were overwritten, as PyTorch does.

    Memory with gaps is not looked at, in PyTorch neither.

    Args:
        name: the operation, without an underscore.
        array: what is written, or of which a part is.
        others: the other operands; those that are no tensors do not matter.
        index: which part is written.

    Raises:
        RuntimeError: the two lie partly over each other.
    """
    if name in _READ_BEFORE:
        return
    apart = name in _APART
    if index is not None:
        if any(isinstance(item, np.ndarray) for item in index):
            apart = True
        else:
            array = array[index]
            others = tuple([x for x in others if isinstance(x, TensorBase) and x._array.ndim])
    for other in others:
        if isinstance(other, TensorBase) and _overlap(array, other._array, apart):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to "
                "tensor refer to a single memory location. Please clone() the tensor before "
                "performing the operation."
            )


def _overlap(written: Any, read: Any, apart: bool) -> bool:
    if read.__class__ is not np.ndarray or not np.may_share_memory(written, read):
        return False
    if not (_is_dense(written) and _is_dense(read)):
        return False
    if apart or written.ndim != read.ndim:
        return True
    return written.ctypes.data != read.ctypes.data or _steps(written) != _steps(read)


def _steps(array: np.ndarray[Any, Any]) -> list[tuple[int, int]]:
    """Return (length, stride) of the axes that have more than one element."""
    return [(n, step) for n, step in zip(array.shape, array.strides, strict=True) if n > 1]


def _is_dense(array: np.ndarray[Any, Any]) -> bool:
    """Return whether the elements, in some order of axes, lie side by side."""
    if array.flags.forc:
        return True
    expected = array.itemsize
    for length, step in sorted(_steps(array), key=lambda axis: axis[1]):
        if step != expected:
            return False
        expected *= length
    return True
