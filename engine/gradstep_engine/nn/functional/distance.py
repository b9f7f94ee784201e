"""How far vectors are apart, and in which directions they point."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.report import composite
from gradstep_engine.dtypes import promote_types
from gradstep_engine.tensor import Tensor, wrap
from gradstep_engine.tensor.operands import given_tensor


@composite("cosine_similarity")
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return x₁ · x₂ / (max(‖x₁‖, eps) max(‖x₂‖, eps)) along `dim`; shapes broadcast."""
    given_tensor(x1, "cosine_similarity", "x1", 1)
    given_tensor(x2, "cosine_similarity", "x2", 2)
    common: Any = promote_types(x1.dtype, x2.dtype)
    x1, x2 = _stretched(x1.to(common), x2), _stretched(x2.to(common), x1)
    product = (x1 / _norm(x1, dim, eps)) * (x2 / _norm(x2, dim, eps))
    similarity: Tensor = product.sum(dim)
    return similarity


def _stretched(x: Tensor, other: Tensor) -> Tensor:
    shape = np.broadcast_shapes(x._array.shape, other._array.shape)
    return x if x._array.shape == shape else x.expand(*shape)


def _norm(x: Tensor, dim: int, eps: float) -> Tensor:
    norm: Tensor = x.norm(2, dim, keepdim=True).clone()
    # As in torch the limit is no part of the graph: gradients pass where it applies.
    array = norm._writable()
    np.maximum(array, eps, out=array)
    return norm


@composite("pairwise_distance")
def pairwise_distance(
    x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """Return ‖x₁ − x₂ + eps‖_p over the last dimension."""
    distance: Tensor = (x1 - x2 + eps).norm(p, -1, keepdim=keepdim)
    return distance


@composite("pdist")
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """Return ‖x_i − x_j‖_p for all pairs i < j of rows: (N, M) to (N (N − 1) / 2).

    Raises:
        RuntimeError: the input is not two-dimensional, or `p` is negative.
    """
    shape = input._array.shape
    if len(shape) != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {len(shape)}D")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    first, second = np.triu_indices(shape[0], 1)
    difference = input[wrap(first)] - input[wrap(second)]
    distances: Tensor = difference.norm(p, -1)
    return distances
