"""Recurrent layers as single operations: what they tell, keep, and how they differentiate twice."""

from __future__ import annotations

from typing import Any

import pytest

from gradstep_engine import events
from tests.engine.nn.pairing import close, copy_state, leaf, numbers, ours, torch_or_skip

KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {}),
    "gru, no bias": ("GRU", {"bias": False}),
    "rnn_tanh": ("RNN", {}),
    "rnn_relu": ("RNN", {"nonlinearity": "relu"}),
}


def made(name: str, **options: Any) -> tuple[Any, Any]:
    kind, given = KINDS[name]
    layer = getattr(ours.nn, kind)(3, 4, **given, **options).double()
    return layer, leaf(ours, numbers(5, 2, 3))


@pytest.mark.parametrize("name", KINDS)
def test_a_layer_is_one_event_forward_and_one_node_backward(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer, x = made(name, bidirectional=True)
    heard: list[Any] = []
    monkeypatch.setattr(events, "listener", heard.append)
    layer(x)[0].sum().backward()
    word = name.split(",")[0]
    ops = [event for event in heard if isinstance(event, events.Op) and event.name == word]
    assert [op.attributes for op in ops] == [{"backwards": False}, {"backwards": True}]
    ran = [event.node for event in heard if isinstance(event, events.NodeRan)]
    assert [ran.count(op.grad_fn) for op in ops] == [1, 1]
    (node,) = [e for e in heard if isinstance(e, events.NodeRan) and e.node is ops[0].grad_fn]
    wanted = [t.shape if t.requires_grad else None for t in ops[0].inputs]
    assert [None if grad is None else grad.shape for grad in node.grad_inputs] == wanted


def test_nodes_are_named_as_by_torch() -> None:
    torch = torch_or_skip()
    found = []
    for engine in (ours, torch):
        layer = engine.nn.LSTM(3, 4)
        x = engine.tensor(numbers(5, 2, 3)).float()
        node = layer(x)[0].grad_fn
        follow = [each.name() for each, _ in node.next_functions[1:5]]
        packed = engine.nn.utils.rnn.pack_padded_sequence(x, [5, 3])
        names = [layer(packed)[0].data.grad_fn.name()]
        names += [layer.double()(x.double())[0].grad_fn.name()]
        names += [engine.nn.GRU(3, 4)(x)[0].grad_fn.name()]
        ends = [each.replace("torch::autograd::", "") for each in follow]
        found.append([node.name(), *ends, *names])
    assert found[0] == found[1]


@pytest.mark.parametrize("name", KINDS)
def test_both_ways_of_differentiating_agree(name: str) -> None:
    layer, x = made(name, bidirectional=True, num_layers=2)
    rnn = ours.nn.utils.rnn
    inputs = [x, *layer.parameters()]
    for given in (x, rnn.pack_padded_sequence(x, [5, 2])):
        output, ends = layer(given)
        output = output if given is x else output.data
        loss = (output * output.detach().cos()).sum()
        loss = loss + sum((end * end).sum() for end in (ends if name == "lstm" else (ends,)))
        plain = ours.autograd.grad(loss, inputs, retain_graph=True)
        again = ours.autograd.grad(loss, inputs, create_graph=True)
        for mine, other in zip(plain, again, strict=True):
            assert other.requires_grad
            close(mine, other.detach())
    short = leaf(ours, numbers(2, 1, 3))
    assert ours.autograd.gradgradcheck(lambda x: layer(x)[0][-1], [short])


@pytest.mark.parametrize("name", KINDS)
def test_only_what_was_asked_for_gets_a_gradient(name: str) -> None:
    layer, x = made(name)
    layer.weight_ih_l0.requires_grad_(False)
    output, _ = layer(x.detach())
    output.mul_(2)  # the layer keeps copies: its output may change
    output.sum().backward()
    assert layer.weight_ih_l0.grad is None
    expected, _ = made(name)
    copy_state(expected, layer)
    (2 * expected(x)[0]).sum().backward()
    close(layer.weight_hh_l0.grad, expected.weight_hh_l0.grad)


@pytest.mark.parametrize("name", KINDS)
def test_a_second_backward_needs_the_graph(name: str) -> None:
    layer, x = made(name)
    loss = layer(x)[0].sum()
    loss.backward(retain_graph=True)
    first = x.grad.clone()
    loss.backward()
    close(x.grad, 2 * first)
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()
