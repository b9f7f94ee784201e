"""Scaled dot product attention as a function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.nn.functional.names import c_name
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.attention import Attention
from gradstep_engine.tensor import Tensor, wrap


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return softmax(scale · query keyᵀ + mask) value: (..., L, E), (..., S, E), (..., S, F).

    A query that may see no key gets zeros.

    Args:
        query: (..., L, E); leading dimensions of the three broadcast.
        key: (..., S, E).
        value: (..., S, F).
        attn_mask: broadcasts to (..., L, S); True where a query may look, or numbers to add.
        dropout_p: probability to drop a weight; the caller says whether it is training.
        is_causal: let no query see later keys.
        scale: 1 / √E by default.
        enable_gqa: repeat the heads of key and value for groups of heads of the query.

    Raises:
        RuntimeError: shapes or types do not fit together.
    """
    q, k, v = query._array, key._array, value._array
    _check(q, k, v, attn_mask, dropout_p, is_causal)
    if enable_gqa and q.ndim >= 3 and not q.shape[-3] == k.shape[-3] == v.shape[-3]:
        heads = q.shape[-3]
        if heads % k.shape[-3] or heads % v.shape[-3]:
            raise RuntimeError(
                "Number of heads in key and value must divide the number of heads in "
            )
        key = key.repeat_interleave(heads // k.shape[-3], -3)
        value = value.repeat_interleave(heads // v.shape[-3], -3)
        k, v = key._array, value._array
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        query, key, value = _on_one_batch(query, key, value)
        q, k = query._array, key._array
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != value._array.shape[-2]:
        _refuse_sizes(q, k, value._array)
    factor = (1 / math.sqrt(q.shape[-1]) if q.shape[-1] else 1.0) if scale is None else scale
    inputs: tuple[Tensor, ...] = (query, key, value)
    if attn_mask is not None:
        inputs = (*inputs, _added(attn_mask, (*q.shape[:-1], k.shape[-2]), q.dtype))
    return run(
        Attention, *inputs, scale=float(factor), is_causal=is_causal, dropout_p=float(dropout_p)
    )


def _check(q: Any, k: Any, v: Any, mask: Tensor | None, dropout_p: float, is_causal: bool) -> None:
    if q.ndim < 2 or k.ndim < 2 or v.ndim < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{q.ndim} key.dim: {k.ndim} and value.dim: {v.ndim} instead."
        )
    if not q.dtype == k.dtype == v.dtype:
        raise RuntimeError(
            "Expected query, key, and value to have the same dtype, but got query.dtype: "
            f"{c_name(q.dtype)} key.dtype: {c_name(k.dtype)} and value.dtype: {c_name(v.dtype)} "
            "instead."
        )
    if mask is not None:
        if is_causal:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when "
                "is_causal=True"
            )
        kind = mask._array.dtype
        if kind.kind != "b" and kind not in (q.dtype, np.dtype(np.float32)):
            name = "long int" if kind == np.int64 else c_name(kind)
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
                f"attn_mask.dtype: {name} and  query.dtype: {c_name(q.dtype)} instead."
            )
    if not 0.0 <= dropout_p <= 1.0:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p:g}")


def _on_one_batch(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Return the tensors with their leading dimensions broadcast against each other."""
    batches = [tensor._array.shape[:-2] for tensor in tensors]
    for other in batches[1:]:
        _require_broadcast(batches[0], other)
    batch = np.broadcast_shapes(*batches)
    return tuple(tensor.expand(*batch, *tensor._array.shape[-2:]) for tensor in tensors)


def _require_broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    longest = max(len(a), len(b))
    first = (1,) * (longest - len(a)) + a
    second = (1,) * (longest - len(b)) + b
    for axis in reversed(range(longest)):
        x, y = first[axis], second[axis]
        if x != y and 1 not in (x, y):
            raise RuntimeError(
                f"The size of tensor a ({x}) must match the size of tensor b ({y}) at "
                f"non-singleton dimension {axis}"
            )


def _refuse_sizes(q: Any, k: Any, v: Any) -> None:
    count = math.prod(q.shape[:-2])
    if q.shape[-1] != k.shape[-1]:
        wanted, found = [count, q.shape[-1]], [count, k.shape[-1]]
    else:
        wanted, found = [count, k.shape[-2]], [count, v.shape[-2]]
    raise RuntimeError(
        f"Expected size for first two dimensions of batch2 tensor to be: {wanted} but got: {found}."
    )


def _added(mask: Tensor, shape: tuple[int, ...], dtype: Any) -> Tensor:
    """Return `mask` as numbers to add to scores of `shape`."""
    _require_broadcast(shape, mask._array.shape)
    if mask._array.dtype == bool:
        return wrap(additive(mask._array, dtype))
    if mask.requires_grad:
        mask = mask.expand(shape)
    return mask if mask._array.dtype == dtype else mask.to(_like(dtype))


def _like(dtype: Any) -> Any:
    return wrap(np.zeros(0, dtype)).dtype


def additive(allowed: Any, dtype: Any) -> Any:
    """Return 0 where the array `allowed` is True, else −∞."""
    return np.where(allowed, dtype.type(0), dtype.type(-np.inf))
