"""Rows of a table by index, and sums of such rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap


def add_rows(rows: Any, index: Any, count: int) -> Any:
    """Return (count, D) with `rows` (n, D) added up where `index` (n) says.

    Element by element: `np.add.at` has a fast path for one dimension, and none for rows.
    """
    width = rows.shape[1]
    result = np.zeros((count, width), dtype=rows.dtype)
    places = index[:, None] * width + np.arange(width)
    np.add.at(result.reshape(-1), places.reshape(-1), rows.reshape(-1))
    return result


def share_of(index: Any, padding_idx: int | None, by_frequency: bool) -> Any:
    """Return which share of its gradient each lookup passes on, None if all of it.

    Nothing at `padding_idx`, and with `by_frequency` 1 / (how often the index is looked up).
    """
    share = None
    if by_frequency and index.size:
        share = 1 / np.bincount(index)[index]
    if padding_idx is not None:
        others = index != padding_idx
        share = others if share is None else share * others
    return share


def weighted(rows: Any, share: Any) -> Any:
    """Return rows (n, D) times their shares (n); None leaves them as they are."""
    return rows if share is None else rows * share.astype(rows.dtype)[:, None]


class Embedding(Op):
    """W[index].  ∂/∂W[i] = Σ grad over the places where index is i; 0 for `padding_idx`.

    With `scale_grad_by_freq` the mean over these places instead of the sum.
    Shapes: W (V, D), index (...), result (..., D).
    """

    op_name = "embedding"
    node_name = "EmbeddingBackward0"
    saves = (1,)
    fresh = True

    def forward(
        self,
        weight: Any,
        index: Any,
        padding_idx: int | None = None,
        scale_grad_by_freq: bool = False,
    ) -> Any:
        if index.size and (index.min() < 0 or index.max() >= len(weight)):
            raise IndexError("index out of range in self")
        self.saved = (index,)
        self.shape: tuple[int, ...] = weight.shape
        self.options = padding_idx, scale_grad_by_freq
        return weight[index]

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        index = np.reshape(self.saved[0], -1)
        rows = weighted(grad.reshape(-1, self.shape[1]), share_of(index, *self.options))
        return add_rows(rows, index, self.shape[0]), None

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        index = np.reshape(self.saved[0], -1)
        rows = grad.reshape(-1, self.shape[1])
        share = share_of(index, *self.options)
        if share is not None:
            rows = rows * wrap(share.astype(rows._array.dtype)[:, None])
        return apply(AddRows, rows, wrap(index), count=self.shape[0]), None


class AddRows(Op):
    """Rows (n, D) added up where index (n) says, in (count, D).  ∂/∂rows = grad[index]."""

    op_name = "embedding_dense_backward"
    node_name = "EmbeddingDenseBackwardBackward0"
    saves = (1,)
    fresh = True

    def forward(self, rows: Any, index: Any, *, count: int) -> Any:
        self.saved = (index,)
        return add_rows(rows, index, count)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return grad[self.saved[0]], None

    def backward_tensors(self, grad: Any) -> Any:
        return apply(Embedding, grad, self.input(1)), None


class EmbeddingBag(Op):
    """Per bag, the sum of w_k W[index_k] over its entries k, or the mean of W[index_k].

    `bags` says which bag each entry is in. ∂/∂W[i] = Σ w_k grad of k's bag (over the bag's size
    for the mean) where index_k is i; ∂/∂w_k = grad of k's bag · W[index_k]. Entries at
    `padding_idx` do not count.
    Shapes: W (V, D), index (n), w (n), result (bags, D).
    """

    op_name = "embedding_bag"
    node_name = "EmbeddingBagBackward0"
    saves: tuple[int, ...] = (0, 1, 2)
    fresh = True

    def forward(
        self,
        weight: Any,
        index: Any,
        bags: Any,
        scales: Any = None,
        *,
        count: int,
        mean: bool,
        padding_idx: int | None,
        scale_grad_by_freq: bool,
    ) -> Any:
        self.saved = weight, index, bags, scales
        if scales is not None:
            self.saves = (0, 1, 2, 3)
        share = share_of(index, padding_idx, False)
        if mean:
            kept = np.ones(len(index)) if share is None else share
            share = kept / np.maximum(np.bincount(bags, kept, count), 1)[bags]
        self.share = share
        self.frequency = share_of(index, None, scale_grad_by_freq)
        rows = weight[index] if scales is None else weight[index] * scales[:, None]
        return add_rows(weighted(rows, share), bags, count)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        weight, index, bags, scales = self.saved
        passed = weighted(grad[bags], self.share)
        along_scales = None
        if scales is not None and self.needs(3):
            along_scales = np.add.reduce(passed * weight[index], axis=1)
        along_weight = None
        if self.needs(0):
            rows = passed if scales is None else passed * scales[:, None]
            along_weight = add_rows(weighted(rows, self.frequency), index, len(weight))
        return (along_weight, None, None, along_scales)[: len(self.edges)]

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        weight, index, bags, scales = self.saved
        passed = _weighted_tensor(apply(Embedding, grad, wrap(bags)), self.share)
        along_scales = None
        if scales is not None and self.needs(3):
            chosen = apply(Embedding, self.placed(weight, 0), wrap(index))
            along_scales = (passed * chosen).sum(1)
        along_weight = None
        if self.needs(0):
            rows = passed if scales is None else passed * self.placed(scales, 3).unsqueeze(1)
            rows = _weighted_tensor(rows, self.frequency)
            along_weight = apply(AddRows, rows, wrap(index), count=len(weight))
        return (along_weight, None, None, along_scales)[: len(self.edges)]


def _weighted_tensor(rows: Any, share: Any) -> Any:
    return rows if share is None else rows * wrap(share.astype(rows._array.dtype)[:, None])


class EmbeddingBagMax(Op):
    """Per bag and column, the greatest of W[index_k]; 0 where a bag is empty.

    ∂/∂W: grad goes to the first of the greatest elements. Entries at `padding_idx` do not count.
    Shapes: W (V, D), index (n), result (bags, D).
    """

    op_name = "embedding_bag"
    node_name = "EmbeddingBagBackward0"
    saves = (1,)
    fresh = True

    def forward(
        self, weight: Any, index: Any, bags: Any, *, count: int, padding_idx: int | None
    ) -> Any:
        self.saved = (index,)
        self.shape: tuple[int, ...] = weight.shape
        result = np.zeros((count, weight.shape[1]), weight.dtype)
        # For each bag and column the row of W chosen; −1 where there is none.
        self.chosen = np.full(result.shape, -1)
        kept = np.ones(len(index), bool) if padding_idx is None else index != padding_idx
        for bag in range(count):
            entries = index[kept & (bags == bag)]
            if len(entries):
                best = weight[entries].argmax(0)
                self.chosen[bag] = entries[best]
                result[bag] = weight[self.chosen[bag], np.arange(weight.shape[1])]
        return result

    def backward(self, grad: Any) -> Any:
        result = np.zeros(self.shape, grad.dtype)
        bag, column = np.nonzero(self.chosen >= 0)
        np.add.at(result, (self.chosen[bag, column], column), grad[bag, column])
        return result, None, None

    def backward_tensors(self, grad: Any) -> Any:
        bag, column = np.nonzero(self.chosen >= 0)
        picked = grad.reshape(-1)[wrap(bag * self.shape[1] + column)].unsqueeze(1)
        places = wrap(self.chosen[bag, column] * self.shape[1] + column)
        count = self.shape[0] * self.shape[1]
        return apply(AddRows, picked, places, count=count).reshape(self.shape), None, None
