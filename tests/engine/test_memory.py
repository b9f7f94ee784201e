"""What a training step leaves behind: nothing, even without the garbage collector."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

import gradstep_engine

torch: Any = gradstep_engine


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def convnet() -> tuple[Any, Any]:
    nn = torch.nn
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.BatchNorm2d(2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(),
    )
    return model, torch.randn(2, 1, 8, 8)


class LastStep(torch.nn.Module):  # type: ignore[misc]
    """An LSTM whose last output is taken: views, joins and in-place sums."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(3, 4, num_layers=2)

    def forward(self, x: Any) -> Any:
        outputs, (hidden, _) = self.lstm(x)
        outputs[0] += 1
        return outputs[-1] + hidden[0]


MODELS: dict[str, Any] = {
    "perceptron": lambda: (
        torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)),
        torch.randn(5, 4),
    ),
    "convnet": convnet,
    "recurrent": lambda: (LastStep(), torch.randn(6, 2, 3)),
    "transformer": lambda: (
        torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
        torch.randn(2, 3, 8),
    ),
}


def reachable(root: Any) -> list[Any]:
    """Return all nodes behind a tensor but the accumulators, which leaves may keep."""
    found, waiting = [], [root.grad_fn]
    while waiting:
        node = waiting.pop()
        if node not in found and type(node).__name__ != "AccumulateGrad":
            found.append(node)
            waiting += [after for after, _ in node.next_functions if after is not None]
    return found


@pytest.mark.parametrize("name", MODELS)
def test_a_step_is_freed_without_the_collector(name: str, no_collector: None) -> None:
    model, inputs = MODELS[name]()
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(2):
        optimizer.zero_grad()
        output = model(inputs)
        loss = output.square().mean()
        nodes = [weakref.ref(node) for node in reachable(loss)]
        tensors = [weakref.ref(output), weakref.ref(loss)]
        assert len(nodes) >= 5
        loss.backward()
        optimizer.step()
        del output, loss
        assert [node() for node in nodes] == [None] * len(nodes)
        assert [tensor() for tensor in tensors] == [None, None]


def test_second_derivatives_by_grad_are_freed_without_the_collector(no_collector: None) -> None:
    x = torch.randn(3, requires_grad=True)
    (first,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.sum(), x)
    nodes = [weakref.ref(node) for node in reachable(first)]
    assert nodes
    assert second.requires_grad is False
    del first
    assert [node() for node in nodes] == [None] * len(nodes)


def chain(length: int) -> tuple[Any, Any, list[weakref.ref[Any]]]:
    """Return a leaf, the end of a chain of operations on it, and some of the nodes, weakly."""
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    nodes = []
    for number in range(length):
        y = y * 1.0
        if number % 1000 == 0:
            nodes.append(weakref.ref(y.grad_fn))
    return x, y, nodes


def test_a_long_chain_neither_recurses_nor_is_kept(no_collector: None) -> None:
    x, y, nodes = chain(200_000)
    y.backward()
    assert x.grad.item() == 1.0
    assert all(node() is not None for node in nodes)
    del y
    assert all(node() is None for node in nodes)


def test_a_million_nodes_are_freed_without_backward(no_collector: None) -> None:
    _, y, nodes = chain(1_000_000)
    assert all(node() is not None for node in nodes)
    del y
    assert all(node() is None for node in nodes)
