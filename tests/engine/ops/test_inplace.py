"""In-place operations against PyTorch: values, gradients through views, versions, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gradstep_engine
from tests.engine.ops.comparing import (
    assert_same_error,
    assert_same_result,
    assert_second_derivative,
)
from tests.engine.parity import arrays, assert_same

ours: Any = gradstep_engine


def _changed(change: Any) -> Any:
    """Return a function of two tensors that changes a product of the first in place."""

    def function(e: Any, x: Any, y: Any) -> Any:
        target = x * 1.5
        result = change(e, target, y)
        return target if result is None else result

    return function


CHANGES: dict[str, Any] = {
    "as_strided_": lambda e, x, y: x.as_strided_((2, 2), (1, 2)),
    "copy_": lambda e, x, y: x.copy_(y[0]),
    "copy_part": lambda e, x, y: x[0].copy_(y[1]) is None or x * 1,
    "diagonal_add": lambda e, x, y: x.diagonal().add_(y[0, 0]) is None or x * 1,
    "div_part": lambda e, x, y: x[:, 1:].div_(y[:, :1]) is None or x * 1,
    "exp_part": lambda e, x, y: x[0].exp_() is None or x * 1,
    "fill_": lambda e, x, y: x.fill_(y[0, 0]),
    "fill_diagonal_": lambda e, x, y: x.fill_diagonal_(2.0) * 1,
    "fill_part": lambda e, x, y: x[:, 0].fill_(3) is None or x * 1,
    "index_add_": lambda e, x, y: x.index_add_(0, e.tensor([1, 1]), y[:2]),
    "index_copy_": lambda e, x, y: x.index_copy_(1, e.tensor([2, 0]), y[:, :2]),
    "index_fill_": lambda e, x, y: x.index_fill_(0, e.tensor([0]), 2.0),
    "index_put_": lambda e, x, y: x.index_put_((e.tensor([0, 2]),), y[:2]),
    "masked_fill_": lambda e, x, y: x.masked_fill_(y > 1, 2.0),
    "masked_scatter_": lambda e, x, y: x.masked_scatter_(y > 1, y),
    "mul_of_turned": lambda e, x, y: x.t().mul_(y) is None or x * 1,
    "mul_part": lambda e, x, y: x[1:].mul_(y[0]) is None or x * 1,
    "put_": lambda e, x, y: x.put_(e.tensor([1, -1]), y[0, :2]),
    "scatter_": lambda e, x, y: x.scatter_(1, e.tensor([[0], [2], [1]]), y[:, :1]),
    "scatter_add_": lambda e, x, y: x.scatter_add_(1, e.tensor([[0], [2], [1]]), y[:, :1]),
    "scatter_reduce_": lambda e, x, y: x.scatter_reduce_(
        1, e.tensor([[0], [2], [1]]), y[:, :1], "mean"
    ),
    "set_row_to_own": lambda e, x, y: x.__setitem__(0, x[1] + x[2]) or x * 1,
    "sigmoid_of_part": lambda e, x, y: x[0, 1:].sigmoid_() is None or x * 1,
    "squeeze_": lambda e, x, y: x[:1].clone().squeeze_(0),
    "swapaxes_": lambda e, x, y: x.swapaxes_(0, 1),
    "t_": lambda e, x, y: x.t_(),
    "t_then_add_": lambda e, x, y: x.t_().add_(y),
    "transpose_": lambda e, x, y: x.transpose_(0, 1),
    "tril_": lambda e, x, y: x.tril_(-1),
    "triu_": lambda e, x, y: x.triu_(),
    "two_views": lambda e, x, y: (x[0].mul_(2), x[:, 0].add_(y[0]), x * 1)[2],
    "unfold_part": lambda e, x, y: x.unfold(0, 2, 2)[0].mul_(y[:, :2]) is None or x * 1,
    "unsqueeze_": lambda e, x, y: x.unsqueeze_(1),
    "view_read_after": lambda e, x, y: (lambda v: (x.mul_(y), v * y[0])[1])(x[1]),
    "zero_part": lambda e, x, y: x[0].zero_() is None or x * 1,
}


@pytest.mark.torch
@pytest.mark.parametrize("name", CHANGES)
def test_changes(name: str) -> None:
    assert_same(_changed(CHANGES[name]), arrays((3, 3), (3, 3)), names=False)


@pytest.mark.parametrize("name", CHANGES)
def test_second_derivatives(name: str) -> None:
    assert_second_derivative(_changed(CHANGES[name]), (3, 3), (3, 3))


def _with_data(x: Any, data: Any) -> Any:
    x.data = data
    return x


RESULTS: dict[str, Any] = {
    "fill_diagonal_wrap": lambda e: e.zeros(7, 3).fill_diagonal_(1, wrap=True),
    "fill_diagonal_cube": lambda e: e.zeros(3, 3, 3).fill_diagonal_(1),
    "resize_": lambda e: e.arange(6).resize_(2, 2),
    "resize_as_": lambda e: e.arange(4).resize_as_(e.zeros(2, 1)),
    "set_": lambda e: e.zeros(2).set_(e.ones(3)),
    "squeeze_dim": lambda e: e.zeros(1, 2, 1).squeeze_(-1).shape,
    "versions": lambda e: (lambda x: (x[0].add_(1), x.t_(), x.zero_(), x._version)[3])(
        e.zeros(2, 2)
    ),
    "copy_converts": lambda e: e.zeros(2, dtype=e.int64).copy_(e.tensor([1.7, -1.7])),
    "swap_with_data": lambda e: _with_data(e.zeros(2), e.ones(3)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str) -> None:
    assert_same_result(RESULTS[name])


def _leaf(e: Any) -> Any:
    return e.ones(2, 2, requires_grad=True)


MISTAKES: dict[str, Any] = {
    "unsqueeze_leaf": lambda e: _leaf(e).unsqueeze_(0),
    "t_leaf": lambda e: _leaf(e).t_(),
    "tril_leaf": lambda e: _leaf(e).tril_(),
    "index_add_leaf": lambda e: _leaf(e).index_add_(0, e.tensor([0]), e.ones(1, 2)),
    "masked_fill_leaf": lambda e: _leaf(e).masked_fill_(e.ones(2, 2) > 0, 0),
    "zero_view_of_leaf": lambda e: _leaf(e).diagonal().zero_(),
    "fill_diagonal_rank": lambda e: e.ones(2).fill_diagonal_(1),
    "fill_diagonal_sizes": lambda e: e.ones(2, 2, 3).fill_diagonal_(1),
    "resize_leaf": lambda e: _leaf(e).resize_(1),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", MISTAKES)
def test_same_error(name: str) -> None:
    assert_same_error(MISTAKES[name])


def test_hooks_after_accumulation_see_the_whole_gradient() -> None:
    seen = []
    x = ours.ones(2, requires_grad=True)
    handle = x.register_post_accumulate_grad_hook(lambda leaf: seen.append(leaf.grad.tolist()))
    for _ in range(2):
        (x * 2).sum().backward()
    handle.remove()
    x.sum().backward()
    assert seen == [[2, 2], [4, 4]]


def test_a_step_in_backward() -> None:
    """Optimizers that step as soon as a gradient is there, and free it."""
    x = ours.ones(2, requires_grad=True)

    def step(leaf: Any) -> None:
        with ours.no_grad():
            leaf -= leaf.grad
        leaf.grad = None

    x.register_post_accumulate_grad_hook(step)
    (x * 3).sum().backward()
    assert x.grad is None
    assert np.array_equal(x.detach().numpy(), [-2, -2])
