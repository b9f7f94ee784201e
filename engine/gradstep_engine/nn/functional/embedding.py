"""Rows of a table by index."""

from __future__ import annotations

import numpy as np

from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.embedding import Embedding
from gradstep_engine.tensor import Tensor, wrap


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
) -> Tensor:
    """Return the rows of `weight` (V, D) that `input` (...) names: (..., D).

    Raises:
        IndexError: an index is outside the table.
        RuntimeError: the indices are not int32 or int64.
    """
    if input._array.dtype not in (np.int32, np.int64):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {input.type()} instead (while checking arguments for embedding)"
        )
    if padding_idx is not None and padding_idx < 0:
        padding_idx += weight._array.shape[0]
    return run(Embedding, weight, input, padding_idx=padding_idx)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Return int64 zeros with a one at each class index: (...) to (..., classes).

    Raises:
        RuntimeError: an index is negative or not below `num_classes`.
    """
    index = np.asarray(tensor._array)
    if index.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if index.size and index.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    classes = int(index.max()) + 1 if num_classes == -1 else num_classes
    if index.size and index.max() >= classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    result = np.zeros((*index.shape, classes), dtype=np.int64)
    np.put_along_axis(result, index[..., None], 1, axis=-1)
    return wrap(result)
