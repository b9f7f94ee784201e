"""Mistakes are reported in torch's words: type and text are compared with PyTorch's own."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import gradstep_engine as ours
from tests.engine.parity import torch_or_skip

pytestmark = pytest.mark.torch


def backward_twice(e: Any) -> None:
    x = e.ones(3, requires_grad=True)
    loss = x.exp().sum()
    loss.backward()
    loss.backward()


def no_grad_fn(e: Any) -> None:
    e.ones(1).backward()


def under_no_grad(e: Any) -> None:
    x = e.ones(3, requires_grad=True)
    with e.no_grad():
        loss = x.sum()
    loss.backward()


def not_scalar(e: Any) -> None:
    (e.ones(3, requires_grad=True) * 2).backward()


def output_changed(e: Any) -> None:
    y = e.ones(3, requires_grad=True).exp()
    y.add_(1)
    y.sum().backward()


def input_changed(e: Any) -> None:
    y = e.ones(3, requires_grad=True).exp()
    z = y * y
    y.add_(1)
    z.sum().backward()


def constant_changed(e: Any) -> None:
    x, w = e.ones(2, 3, requires_grad=True), e.ones(3, dtype=e.float32)
    z = x * w
    w.mul_(2)
    z.sum().backward()


def weight_changed(e: Any) -> None:
    x, w = e.ones(2, 3, requires_grad=True), e.ones(3, 4, requires_grad=True)
    z = (x @ w).sum()
    with e.no_grad():
        w -= 0.1
    z.backward()


def view_changed(e: Any) -> None:
    y = e.ones(2, 3, requires_grad=True) * 2
    z = y.sin()
    y[0].fill_(0)
    z.sum().backward()


def relu_changed(e: Any) -> None:
    y = e.relu(e.ones(3, requires_grad=True))
    y += 1
    y.sum().backward()


def power_changed(e: Any) -> None:
    y = e.ones(3, requires_grad=True) ** e.ones(3)
    z = y * y
    y.detach().add_(1)
    z.sum().backward()


def leaf(e: Any) -> None:
    x = e.ones(3, requires_grad=True)
    x += 1


def view_of_leaf(e: Any) -> None:
    e.ones(3, requires_grad=True)[0].add_(1)


def item_of_leaf(e: Any) -> None:
    x = e.ones(3, requires_grad=True)
    x[0] = 1


def requires_grad_off(e: Any) -> None:
    (e.ones(3, requires_grad=True) * 2).requires_grad = False


def grad_shape(e: Any) -> None:
    e.zeros(2, 2).grad = e.zeros(3, 3)


def grad_type(e: Any) -> None:
    e.zeros(2).grad = e.zeros(2, dtype=e.float64)


def unused(e: Any) -> None:
    x, y = e.ones(2, requires_grad=True), e.ones(2, requires_grad=True)
    e.autograd.grad((x * 2).sum(), [y])


def grad_without(e: Any) -> None:
    x = e.ones(2, requires_grad=True)
    e.autograd.grad((x * 2).sum(), [e.ones(2)])


MISTAKES: dict[str, Any] = {
    f.__name__: f
    for f in (
        backward_twice, no_grad_fn, under_no_grad, not_scalar, output_changed, input_changed,
        constant_changed, weight_changed, view_changed, relu_changed, power_changed, leaf,
        view_of_leaf, item_of_leaf, requires_grad_off, grad_shape, grad_type, unused, grad_without,
    )
} | {
    "seed_shape": lambda e: e.zeros(2, requires_grad=True).backward(e.ones(3)),
    "numpy": lambda e: e.ones(2, requires_grad=True).numpy(),
    "int_requires_grad": lambda e: e.tensor([1, 2], requires_grad=True),
    "int_requires_grad_": lambda e: e.tensor([1, 2]).requires_grad_(),
    "hook_without_grad": lambda e: e.ones(2).register_hook(print),
    "retain_without_grad": lambda e: e.ones(2).retain_grad(),
    "mm": lambda e: e.ones(3, 5) @ e.ones(2, 2),
    "dot": lambda e: e.ones(3) @ e.ones(4),
    "mv": lambda e: e.ones(2, 3) @ e.ones(4),
    "bmm": lambda e: e.ones(2, 2, 3) @ e.ones(2, 4, 5),
    "matmul_0d": lambda e: e.ones(2) @ e.tensor(1.0),
    "mm_vector": lambda e: e.ones(2, 3).mm(e.ones(3)),
    "mm_types": lambda e: e.ones(2, 2) @ e.ones(2, 2, dtype=e.float64),
    "broadcast": lambda e: e.ones(2, 3) + e.ones(2, 4),
    "broadcast_compare": lambda e: e.ones(2, 3) < e.ones(4),
    "inplace_shape": lambda e: e.ones(3).add_(e.ones(2, 3)),
    "inplace_broadcast": lambda e: e.ones(3).mul_(e.ones(4)),
    "inplace_type": lambda e: e.ones(3, dtype=e.int64).add_(1.5),
    "setitem_shape": lambda e: e.ones(3).__setitem__(slice(None), e.ones(2)),
    "expanded_inplace": lambda e: e.ones(1, 3).expand(2, 3).add_(1),
    "view": lambda e: e.ones(3).view(2, 2),
    "view_open": lambda e: e.ones(2, 3).reshape(-1, 4),
    "view_strided": lambda e: e.ones(2, 3).t().view(6),
    "index": lambda e: e.ones(2, 3)[5],
    "index_tensor": lambda e: e.ones(2)[e.tensor([5])],
    "index_0d": lambda e: e.tensor(1.0)[0],
    "index_many": lambda e: e.ones(2)[0, 0],
    "mask": lambda e: e.ones(3)[e.tensor([True, False])],
    "sum_dim": lambda e: e.ones(2, 3).sum(5),
    "max_dim": lambda e: e.ones(2, 3).max(-3),
    "transpose_dim": lambda e: e.ones(2, 3).transpose(0, 3),
    "permute": lambda e: e.ones(2, 3).permute(0, 0),
    "expand": lambda e: e.ones(2, 3).expand(4, 4),
    "cat": lambda e: e.cat([e.ones(2, 3), e.ones(3, 4)]),
    "stack": lambda e: e.stack([e.ones(2, 3), e.ones(3, 4)]),
    "mean_of_ints": lambda e: e.tensor([1, 2]).mean(),
    "bool_minus": lambda e: e.ones(2, dtype=e.bool) - e.ones(2, dtype=e.bool),
    "item": lambda e: e.ones(3).item(),
    "bool_many": lambda e: bool(e.ones(2)),
    "bool_none": lambda e: bool(e.ones(0)),
    "len_0d": lambda e: len(e.tensor(1.0)),
    "iter_0d": lambda e: list(e.tensor(1.0)),
    "ragged": lambda e: e.tensor([[1, 2], [3]]),
    "strings": lambda e: e.tensor(["a"]),
    "int_power": lambda e: e.tensor([2]) ** -1,
    "unknown_attribute": lambda e: e.ones(1).nosuchthing,
    "flatten": lambda e: e.ones(2, 3).flatten(1, 0),
    "clamp": lambda e: e.ones(2).clamp(),
    "detach_view": lambda e: (e.ones(2, requires_grad=True) * 1)[0].detach_(),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_same_error(name: str) -> None:
    torch = torch_or_skip()
    with pytest.raises(Exception) as expected:  # noqa: PT011
        MISTAKES[name](torch)
    with pytest.raises(expected.type) as got:
        MISTAKES[name](ours)
    assert str(got.value) == str(expected.value)


def test_reading_grad_of_a_non_leaf_warns() -> None:
    torch = torch_or_skip()
    texts = []
    for e in (torch, ours):
        z = e.ones(1, requires_grad=True) * 2
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            assert z.grad is None
        assert seen[0].category is UserWarning
        texts.append(str(seen[0].message).partition(" (Triggered")[0])
    assert texts[0] == texts[1]
