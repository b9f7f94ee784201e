"""Rows of a table by index."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.emission import written
from gradstep_engine.missing import missing
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.embedding import Embedding, EmbeddingBag, EmbeddingBagMax
from gradstep_engine.tensor import Tensor, wrap


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Return the rows of `weight` (V, D) that `input` (...) names: (..., D).

    With `max_norm`, rows looked up are first made that short, in place.

    Raises:
        AssertionError: `padding_idx` is outside the table.
        IndexError: an index is outside the table.
        RuntimeError: the indices are not int32 or int64, or the table is no matrix.
    """
    if sparse:
        raise missing("torch.nn.functional.embedding(sparse=True)")
    rows = weight._array.shape[0] if weight._array.ndim else 0
    padding = None if padding_idx is None else padding_row(padding_idx, rows, "Padding_idx")
    _check_indices(input, "embedding")
    if weight._array.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    if max_norm is not None:
        shorten(weight, input, max_norm, norm_type)
    # Only what is not as usual: a debugger shows what is passed on.
    options: dict[str, Any] = {} if padding is None else {"padding_idx": padding}
    if scale_grad_by_freq:
        options["scale_grad_by_freq"] = True
    return run(Embedding, weight, input, **options)


def padding_row(padding_idx: int, rows: int, name: str) -> int:
    """Return the row that `padding_idx` names; negative ones count from the end.

    Raises:
        AssertionError: it is outside the table.
    """
    if not -rows <= padding_idx < rows:
        raise AssertionError(f"{name} must be within num_embeddings")
    return padding_idx % rows


def _check_indices(indices: Tensor, function: str) -> None:
    if indices._array.dtype not in (np.int32, np.int64):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {indices.type()} instead (while checking arguments for {function})"
        )


def shorten(weight: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> None:
    """Scale the rows that are looked up down to `max_norm`, in place and outside the graph."""
    rows = np.unique(indices._array)
    if rows.size and (rows[0] < 0 or rows[-1] >= len(weight._array)):
        raise IndexError("index out of range in self")
    norms = np.linalg.norm(weight._array[rows], norm_type, axis=1)
    long = norms > max_norm
    array = weight._writable()
    factors = (max_norm / (norms[long] + 1e-7)).astype(array.dtype)
    array[rows[long]] *= factors[:, None]
    weight._bump()
    written(weight, "embedding_renorm_")


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Return per bag of indices the sum, mean or maximum of the rows of `weight`: (bags, D).

    Args:
        input: the indices, one bag per row (B, n), or one bag after another (n).
        weight: the table (V, D).
        offsets: where in (n) each bag begins.
        max_norm: rows looked up are first made that short, in place.
        norm_type: which norm that is.
        scale_grad_by_freq: divide a row's gradient by how often it is looked up.
        mode: `sum`, `mean` or `max`.
        sparse: not supported.
        per_sample_weights: factors of the rows, for `sum`.
        include_last_offset: the last of the offsets is the end, and begins no bag.
        padding_idx: entries that do not count.

    Raises:
        ValueError: shapes or options do not fit together.
        RuntimeError: indices or offsets are outside what they index.
    """
    if sparse:
        raise missing("torch.nn.functional.embedding_bag(sparse=True)")
    _check_bag(input, weight, offsets, mode, per_sample_weights, scale_grad_by_freq)
    _check_indices(input, "embedding_bag")
    scales = per_sample_weights
    if input._array.ndim == 2:
        count, length = input._array.shape
        bags = np.repeat(np.arange(count), length)
        input = input.reshape(-1)
        scales = None if scales is None else scales.reshape(-1)
    else:
        assert offsets is not None
        _check_indices(offsets, "embedding_bag")
        bags, count = _bags(offsets._array, input._array.size, include_last_offset)
    rows = len(weight._array)
    padding = None if padding_idx is None else padding_row(padding_idx, rows, "padding_idx")
    _check_range(input._array, rows, mode)
    if max_norm is not None:
        shorten(weight, input, max_norm, norm_type)
    inputs = (weight, input, wrap(bags))
    layout = {"count": count, "padding_idx": padding}
    if mode == "max":
        return run(EmbeddingBagMax, *inputs, **layout)
    return run(
        EmbeddingBag,
        *(inputs if scales is None else (*inputs, scales)),
        mean=mode == "mean",
        scale_grad_by_freq=scale_grad_by_freq,
        **layout,
    )


def _check_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None,
    mode: str,
    scales: Tensor | None,
    by_frequency: bool,
) -> None:
    rank = input._array.ndim
    if scales is not None and scales._array.shape != input._array.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({scales.shape}) is not None, then it must have "
            f"the same shape as the input ({input.shape})"
        )
    if weight._array.ndim != 2:
        raise ValueError(
            f"weight has to be a 2D Tensor, but got Tensor of dimension {weight._array.ndim}"
        )
    if rank not in (1, 2):
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {rank}")
    if rank == 2 and offsets is not None:
        raise ValueError(
            "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of "
            f"fixed length sequences. However, found offsets of type {type(offsets)}"
        )
    if rank == 1 and (offsets is None or offsets._array.ndim != 1):
        found = " but got None" if offsets is None else ""
        raise ValueError(f"offsets has to be a 1D Tensor{found}")
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and by_frequency:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if scales is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}'). Please open a feature request on GitHub."
        )


def _check_range(indices: Any, rows: int, mode: str) -> None:
    outside = np.flatnonzero((indices < 0) | (indices >= rows))
    if not len(outside):
        return
    value = indices[outside[0]]
    if mode == "max":
        raise RuntimeError(
            f"embedding_bag: Expected idx >= 0 && idx < num_embeddings but found idx to be {value}"
        )
    raise RuntimeError(
        f"Index {outside[0]} of input takes value {value} which is not in the valid range "
        f"[0, {rows})"
    )


def _bags(offsets: Any, length: int, with_end: bool) -> tuple[Any, int]:
    """Return the bag of each of `length` entries, and how many bags there are."""
    if len(offsets) and offsets[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {offsets[0]}"
        )
    if len(offsets) and offsets[-1] > length:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {length} but got offsets[-1] of "
            f"{offsets[-1]}"
        )
    starts = offsets[:-1] if with_end else offsets
    ends = np.append(starts[1:], length)
    if (ends < starts).any():
        raise RuntimeError("offsets of embedding_bag must not fall")
    return np.repeat(np.arange(len(starts)), ends - starts), len(starts)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Return int64 zeros with a one at each class index: (...) to (..., classes).

    Raises:
        RuntimeError: an index is negative or not below `num_classes`.
    """
    index = np.asarray(tensor._array)
    if index.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if index.size == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if index.size and index.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    classes = int(index.max()) + 1 if num_classes == -1 else num_classes
    if index.size and index.max() >= classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    result = np.zeros((*index.shape, classes), dtype=np.int64)
    np.put_along_axis(result, index[..., None], 1, axis=-1)
    return wrap(result)
