"""How samples become a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gradstep_engine.emission import quiet
from gradstep_engine.tensor import Tensor, wrap


def default_collate(batch: Sequence[Any]) -> Any:
    """Stack samples along a new first dimension, inside tuples, lists and dictionaries.

    Raises:
        RuntimeError: tensors of different sizes.
        TypeError: samples of a kind that cannot be stacked.
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return _stacked(batch)
    if isinstance(first, (np.ndarray, np.generic)) and first.dtype.kind not in "OSUV":
        return wrap(np.stack([np.asarray(sample) for sample in batch]))
    if isinstance(first, float):
        return wrap(np.array(batch, dtype=np.float64))
    if isinstance(first, bool):
        return wrap(np.array(batch, dtype=np.bool_))
    if isinstance(first, int):
        return wrap(np.array(batch, dtype=np.int64))
    if isinstance(first, (str, bytes)):
        return batch
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(default_collate(part) for part in zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return [default_collate(list(part)) for part in zip(*batch, strict=True)]
    raise TypeError(
        "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found "
        f"{type(first)}"
    )


def _stacked(batch: Sequence[Tensor]) -> Tensor:
    first = batch[0]._array
    for position, sample in enumerate(batch):
        if sample._array.shape != first.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(first.shape)} at entry "
                f"0 and {list(sample._array.shape)} at entry {position}"
            )
    if any(sample.requires_grad for sample in batch):
        from gradstep_engine.tensor.joins import stack

        with quiet():
            return stack(list(batch))
    return wrap(np.stack([sample._array for sample in batch]))


def default_convert(data: Any) -> Any:
    """Return `data` with arrays as tensors, for a loader without batches."""
    if isinstance(data, (np.ndarray, np.generic)) and data.dtype.kind not in "OSUV":
        return wrap(np.asarray(data))
    if isinstance(data, Mapping):
        return {key: default_convert(value) for key, value in data.items()}
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(value) for value in data))
    if isinstance(data, tuple):
        return [default_convert(value) for value in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return [default_convert(value) for value in data]
    return data
