"""Joining, splitting and choosing against PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from tests.engine.ops.comparing import (
    assert_same_error,
    assert_same_result,
    assert_same_warning,
    assert_second_derivative,
)
from tests.engine.parity import arrays, assert_same

ours: Any = gradstep_engine

JOINS: dict[str, Any] = {
    "block_diag": lambda e, x, y: e.block_diag(x, y, x[0], y[0, 0]),
    "cat": lambda e, x, y: e.cat((x, y, x), -1),
    "cat_with_empty": lambda e, x, y: e.cat([x, e.zeros(0, dtype=x.dtype), y]),
    "concatenate": lambda e, x, y: e.concatenate([x, y], axis=1),
    "column_stack": lambda e, x, y: e.column_stack([x, y[:, 0]]),
    "dstack": lambda e, x, y: e.dstack((x, y)),
    "hstack": lambda e, x, y: e.hstack([x, y]),
    "hstack_vectors": lambda e, x, y: e.hstack([x[0], y[0, :1]]),
    "row_stack": lambda e, x, y: e.row_stack([x[0], y]),
    "stack": lambda e, x, y: e.stack([x, y], dim=-2),
    "vstack": lambda e, x, y: e.vstack([x, y]),
    "where": lambda e, x, y: e.where(x > 1, x, y[0]),
    "where_number": lambda e, x, y: e.where(x > y, 0.0, y),
}

PIECES: dict[str, Any] = {
    "chunk": lambda _, x: x.chunk(3, 1),
    "chunk_some": lambda _, x: x.chunk(2)[1],
    "dsplit": lambda e, x: e.dsplit(x, 2),
    "hsplit": lambda _, x: x.hsplit([1, 2]),
    "split": lambda _, x: x.split(3, -1),
    "split_sizes": lambda _, x: x.split((1, 0, 2), 1),
    "split_with_sizes": lambda e, x: e.split_with_sizes(x, [1, 3], 2)[0],
    "tensor_split": lambda _, x: x.tensor_split(3, 2),
    "tensor_split_places": lambda e, x: e.tensor_split(x, (1, 5), dim=1),
    "tensor_split_tensor": lambda e, x: x.tensor_split(e.tensor([1, 2]), 2),
    "unbind": lambda _, x: x.unbind(-1),
    "unbind_some": lambda e, x: e.unbind(x)[1],
    "vsplit": lambda _, x: x.vsplit(2),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", JOINS)
def test_joins(name: str) -> None:
    assert_same(JOINS[name], arrays((3, 4), (3, 4)))


@pytest.mark.torch
@pytest.mark.parametrize("name", PIECES)
def test_pieces(name: str) -> None:
    assert_same(PIECES[name], arrays((2, 3, 4)))


@pytest.mark.parametrize("name", JOINS)
def test_second_derivatives_of_joins(name: str) -> None:
    assert_second_derivative(JOINS[name], (3, 4), (3, 4))


@pytest.mark.parametrize("name", PIECES)
def test_second_derivatives_of_pieces(name: str) -> None:
    assert_second_derivative(PIECES[name], (2, 3, 4))


RESULTS: dict[str, Any] = {
    "bucketize": lambda e: e.bucketize(e.tensor([[3, 6], [9, 1]]), e.tensor([1, 3, 5, 7, 9])),
    "bucketize_right": lambda e: e.bucketize(3, e.tensor([1, 3, 5]), right=True),
    "cat_promotes": lambda e: e.cat([e.tensor([1]), e.tensor([1.5])]),
    "cat_out": lambda e: e.cat([e.ones(1), e.zeros(1)], out=e.empty(2)),
    "isin": lambda e: e.isin(e.tensor([[1, 2], [3, 4]]), e.tensor([2, 3])),
    "isin_number": lambda e: e.isin(e.tensor([1, 2]), 2, invert=True),
    "searchsorted": lambda e: e.searchsorted(e.tensor([1.0, 2.0, 2.0]), e.tensor([[2.0], [0.0]])),
    "searchsorted_rows": lambda e: e.searchsorted(
        e.tensor([[1, 3, 5], [2, 4, 6]]), e.tensor([[3, 6], [3, 6]]), side="right", out_int32=True
    ),
    "searchsorted_number": lambda e: e.searchsorted(e.tensor([1, 3, 5]), 4),
    "searchsorted_sorter": lambda e: e.searchsorted(
        e.tensor([5, 1, 3]), e.tensor([2]), sorter=e.tensor([1, 2, 0])
    ),
    "argsort": lambda e: e.argsort(e.tensor([3, 1, 2]), descending=True),
    "msort": lambda e: e.msort(e.tensor([[3, 1], [2, 5]])),
    "sort_stable": lambda e: e.sort(e.tensor([1, 0, 1, 0]), stable=True),
    "sort_out": lambda e: e.sort(e.tensor([2.0, 1.0]), out=(e.empty(2), e.empty(2).long())),
    "topk": lambda e: e.topk(e.tensor([3, 1, 2]), 2, largest=False),
    "unique": lambda e: e.unique(
        e.tensor([[3, 1], [1, 2]]), return_inverse=True, return_counts=True
    ),
    "unique_dim": lambda e: e.unique(
        e.tensor([[1, 2], [1, 2], [0, 1]]), dim=0, return_counts=True, return_inverse=True
    ),
    "unique_consecutive": lambda e: e.unique_consecutive(
        e.tensor([1, 1, 2, 2, 1]), return_inverse=True, return_counts=True
    ),
    "unique_consecutive_dim": lambda e: e.tensor([[1, 1, 2], [3, 3, 4]]).unique_consecutive(dim=1),
    "where_places": lambda e: e.where(e.tensor([[0, 1], [1, 0]])),
    "where_numbers": lambda e: e.where(e.tensor([True, False]), 1, 0),
    "where_floats": lambda e: e.where(e.tensor([True, False]), 1.0, 0),
    "where_promotes": lambda e: e.where(e.tensor([True]), e.tensor([1]), e.tensor([1.0])),
    "unravel_index": lambda e: e.unravel_index(e.tensor([[1, 5]]), (2, 3)),
    "unsafe_split": lambda e: e.arange(5).unsafe_split(2),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str) -> None:
    assert_same_result(RESULTS[name])


MISTAKES: dict[str, Any] = {
    "block_diag": lambda e: e.block_diag(e.ones(2, 2, 2)),
    "bucketize": lambda e: e.bucketize(e.ones(2), e.ones(2, 2)),
    "cat_0d": lambda e: e.cat([e.ones(2), e.tensor(1.0)]),
    "cat_dim": lambda e: e.cat([e.ones(2), e.ones(2)], 2),
    "cat_nothing": lambda e: e.cat([]),
    "cat_number": lambda e: e.cat([e.ones(2), 3]),
    "cat_out_grad": lambda e: e.cat([e.ones(2, requires_grad=True)], out=e.empty(2)),
    "cat_rank": lambda e: e.cat([e.ones(2, 3), e.ones(2)]),
    "cat_tensor": lambda e: e.cat(e.ones(2, 3)),
    "chunk": lambda e: e.ones(3).chunk(0),
    "dsplit": lambda e: e.ones(3).dsplit(2),
    "hsplit": lambda e: e.ones(3).hsplit(2),
    "hsplit_0d": lambda e: e.tensor(3).hsplit(2),
    "searchsorted": lambda e: e.searchsorted(e.ones(2, 2), e.ones(1)),
    "searchsorted_sides": lambda e: e.searchsorted(e.ones(2), e.ones(1), side="left", right=True),
    "split_negative": lambda e: e.ones(3).split(-1),
    "split_sizes": lambda e: e.ones(3).split([1, 1]),
    "split_zero": lambda e: e.ones(3).split(0),
    "stack_dim": lambda e: e.stack([e.ones(2), e.ones(2)], 5),
    "stack_nothing": lambda e: e.stack([]),
    "tensor_split": lambda e: e.ones(3).tensor_split(0),
    "topk": lambda e: e.ones(3).topk(4),
    "unbind_0d": lambda e: e.tensor(3).unbind(),
    "vsplit": lambda e: e.ones(3, 3).vsplit(2),
    "where": lambda e: e.where(e.ones(2), e.ones(2), e.ones(2)),
    "where_shape": lambda e: e.where(e.ones(2) > 0, e.ones(2), e.ones(3)),
    "out_type": lambda e: e.exp(e.ones(2), out=e.empty(2, dtype=e.int64)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", MISTAKES)
def test_same_error(name: str) -> None:
    assert_same_error(MISTAKES[name])


@pytest.mark.torch
def test_out_of_another_shape_is_resized_with_a_warning() -> None:
    assert_same_warning(lambda e: e.exp(e.ones(2), out=e.empty(3)))
    target = ours.empty(0)
    assert ours.exp(ours.zeros(2), out=target) is target
    assert np.array_equal(target.numpy(), [1, 1])


def test_pieces_are_views() -> None:
    x = ours.zeros(2, 4)
    x.split(2, 1)[1].add_(1)
    x.tensor_split(2)[0].mul_(2)
    assert x.tolist() == [[0, 0, 2, 2], [0, 0, 1, 1]]
    x.unsafe_chunk(2)[0].zero_()
    assert x.sum().item() == 6
