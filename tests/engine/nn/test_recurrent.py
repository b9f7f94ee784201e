"""Recurrent layers and cells against PyTorch: outputs, states, all gradients, names, errors."""

from __future__ import annotations

from typing import Any

import pytest

from gradstep_engine.autograd.function import apply
from gradstep_engine.ops.recurrent import UnsafeSplit
from tests.engine.nn.pairing import close, copy_state, leaf, numbers, ours, torch_or_skip

pytestmark = pytest.mark.torch

LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("RNN", {}),
    "rnn, relu": ("RNN", {"nonlinearity": "relu", "num_layers": 2}),
    "rnn, both ways": ("RNN", {"bidirectional": True, "batch_first": True}),
    "rnn, no bias": ("RNN", {"bias": False}),
    "lstm": ("LSTM", {}),
    "lstm, two layers": ("LSTM", {"num_layers": 2, "batch_first": True}),
    "lstm, both ways": ("LSTM", {"num_layers": 2, "bidirectional": True}),
    "lstm, no bias": ("LSTM", {"bias": False}),
    "lstm, projected": ("LSTM", {"proj_size": 2}),
    "lstm, all": (
        "LSTM",
        {"num_layers": 3, "bidirectional": True, "batch_first": True, "proj_size": 2},
    ),
    "lstm, dropout of all": ("LSTM", {"num_layers": 2, "dropout": 1.0}),
    "gru": ("GRU", {}),
    "gru, two layers": ("GRU", {"num_layers": 2, "batch_first": True}),
    "gru, both ways": ("GRU", {"num_layers": 2, "bidirectional": True}),
    "gru, no bias": ("GRU", {"bias": False, "bidirectional": True}),
}


def layers(kind: str, options: dict[str, Any]) -> list[tuple[Any, Any]]:
    torch = torch_or_skip()
    theirs = getattr(torch.nn, kind)(3, 4, **options).double()
    mine = getattr(ours.nn, kind)(3, 4, **options).double()
    copy_state(mine, theirs)
    assert repr(mine) == repr(theirs)
    assert [len(names) for names in mine.all_weights] == [len(n) for n in theirs.all_weights]
    return [(ours, mine), (torch, theirs)]


def states_for(layer: Any, batch: tuple[int, ...]) -> list[Any]:
    """Return arrays for the states to start from."""
    count = layer.num_layers * (2 if layer.bidirectional else 1)
    arrays = [numbers(count, *batch, layer.proj_size or layer.hidden_size, seed=1)]
    if layer.mode == "LSTM":
        arrays.append(numbers(count, *batch, layer.hidden_size, seed=2))
    return arrays


def flat(result: Any) -> list[Any]:
    if isinstance(result, tuple):
        return [tensor for part in result for tensor in flat(part)]
    return [result]


def backward_of(tensors: list[Any]) -> None:
    """Send a gradient back that differs from element to element."""
    total = sum((tensor * tensor.detach().cos()).sum() for tensor in tensors)
    total.backward()


def compare(found: list[list[Any]]) -> None:
    for mine, theirs in zip(*found, strict=True):
        assert (mine is None) == (theirs is None)
        if mine is not None:
            close(mine, theirs)


def run_layer(engine: Any, layer: Any, x: Any, states: list[Any] | None) -> list[Any]:
    inputs = [leaf(engine, x)] + [leaf(engine, each) for each in states or []]
    hx = inputs[1] if len(inputs) == 2 else tuple(inputs[1:])
    outputs = flat(layer(inputs[0], hx) if states else layer(inputs[0]))
    backward_of(outputs)
    return outputs + [t.grad for t in inputs] + [p.grad for p in layer.parameters()]


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("steps", [1, 6])
@pytest.mark.parametrize("name", LAYERS)
def test_layer_equals_torch(name: str, steps: int, given: bool) -> None:
    found = []
    for engine, layer in layers(*LAYERS[name]):
        x = numbers(2, steps, 3) if layer.batch_first else numbers(steps, 2, 3)
        found.append(run_layer(engine, layer, x, states_for(layer, (2,)) if given else None))
    compare(found)


@pytest.mark.parametrize("name", LAYERS)
def test_layer_without_a_batch_equals_torch(name: str) -> None:
    found = []
    for engine, layer in layers(*LAYERS[name]):
        found.append(
            run_layer(engine, layer, numbers(5, 3), None)
            + run_layer(engine, layer, numbers(5, 3), states_for(layer, ()))
        )
    compare(found)


@pytest.mark.parametrize(("lengths", "given"), [([5, 3, 3, 1], False), ([1, 5, 2, 5], True)])
@pytest.mark.parametrize("name", LAYERS)
def test_layer_of_a_packed_sequence_equals_torch(
    name: str, given: bool, lengths: list[int]
) -> None:
    found = []
    for engine, layer in layers(*LAYERS[name]):
        rnn = engine.nn.utils.rnn
        x = leaf(engine, numbers(5, 4, 3))
        packed = rnn.pack_padded_sequence(x, lengths, enforce_sorted=lengths[0] == 5)
        states = [leaf(engine, each) for each in states_for(layer, (4,))]
        hx = states[0] if len(states) == 1 else tuple(states)
        output, ends = layer(packed, hx) if given else layer(packed)
        padded, out_lengths = rnn.pad_packed_sequence(output)
        assert out_lengths.tolist() == lengths
        outputs = [output.data, padded, *flat(ends)]
        backward_of(outputs)
        grads = [x.grad] + [each.grad for each in states]
        found.append(outputs + grads + [p.grad for p in layer.parameters()])
    compare(found)


CELLS: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn cell": ("RNNCell", {}),
    "rnn cell, relu": ("RNNCell", {"nonlinearity": "relu", "bias": False}),
    "lstm cell": ("LSTMCell", {}),
    "lstm cell, no bias": ("LSTMCell", {"bias": False}),
    "gru cell": ("GRUCell", {}),
    "gru cell, no bias": ("GRUCell", {"bias": False}),
}


@pytest.mark.parametrize("batch", [(2,), ()])
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("name", CELLS)
def test_cell_equals_torch(name: str, given: bool, batch: tuple[int, ...]) -> None:
    torch = torch_or_skip()
    kind, options = CELLS[name]
    theirs = getattr(torch.nn, kind)(3, 4, **options).double()
    mine = getattr(ours.nn, kind)(3, 4, **options).double()
    copy_state(mine, theirs)
    assert repr(mine) == repr(theirs)
    found, nodes = [], []
    for engine, cell in ((ours, mine), (torch, theirs)):
        inputs = [leaf(engine, numbers(*batch, 3))]
        if given:
            inputs += [leaf(engine, numbers(*batch, 4, seed=k + 1)) for k in range(2)]
        hx: Any = tuple(inputs[1:]) if kind == "LSTMCell" else inputs[-1]
        result = cell(inputs[0], hx) if given else cell(inputs[0])
        result = flat(cell(inputs[0], result))
        backward_of(result)
        nodes.append([tensor.grad_fn.name() for tensor in result])
        found.append(result + [t.grad for t in inputs[:2]] + [p.grad for p in cell.parameters()])
    compare(found)
    assert nodes[0] == nodes[1]


ERRORS: dict[str, Any] = {
    "width of the input": lambda e: e.nn.GRU(3, 4)(e.zeros(2, 2, 5)),
    "dimensions of the input": lambda e: e.nn.LSTM(3, 4)(e.zeros(3)),
    "dimensions, rnn": lambda e: e.nn.RNN(3, 4)(e.zeros(1, 2, 2, 3)),
    "type of the input": lambda e: e.nn.RNN(3, 4)(e.zeros(2, 2, 3).double()),
    "no steps": lambda e: e.nn.RNN(3, 4)(e.zeros(0, 2, 3)),
    "layers of the state": lambda e: e.nn.GRU(3, 4)(e.zeros(2, 2, 3), e.zeros(2, 2, 4)),
    "batch of the state": lambda e: e.nn.GRU(3, 4)(e.zeros(2, 2, 3), e.zeros(1, 3, 4)),
    "rank of the state": lambda e: e.nn.RNN(3, 4)(e.zeros(2, 2, 3), e.zeros(2, 4)),
    "rank of the state, unbatched": lambda e: e.nn.RNN(3, 4)(e.zeros(2, 3), e.zeros(1, 1, 4)),
    "lstm state": lambda e: e.nn.LSTM(3, 4)(e.zeros(2, 2, 3), (e.zeros(1, 2, 4), e.zeros(1, 2, 5))),
    "lstm state, projected": lambda e: e.nn.LSTM(3, 4, proj_size=2)(
        e.zeros(2, 2, 3), (e.zeros(1, 2, 4), e.zeros(1, 2, 4))
    ),
    "rank of the lstm state": lambda e: e.nn.LSTM(3, 4)(
        e.zeros(2, 2, 3), (e.zeros(2, 4), e.zeros(1, 2, 4))
    ),
    "dropout": lambda e: e.nn.LSTM(3, 4, dropout=1.5),
    "dropout as a switch": lambda e: e.nn.LSTM(3, 4, dropout=True),
    "nonlinearity": lambda e: e.nn.RNN(3, 4, nonlinearity="sine"),
    "projection of a gru": lambda e: e.nn.GRU(3, 4, proj_size=2),
    "projection too wide": lambda e: e.nn.LSTM(3, 4, proj_size=4),
    "projection negative": lambda e: e.nn.LSTM(3, 4, proj_size=-1),
    "hidden size": lambda e: e.nn.LSTM(3, 0),
    "type of the hidden size": lambda e: e.nn.LSTM(3, 4.0),
    "input size": lambda e: e.nn.LSTM(0, 4),
    "layers": lambda e: e.nn.LSTM(3, 4, 0),
    "type of bias": lambda e: e.nn.LSTM(3, 4, 1, 1),
    "mode": lambda e: e.nn.RNNBase("ELMAN", 3, 4),
    "cell: width": lambda e: e.nn.GRUCell(3, 4)(e.zeros(2, 5)),
    "cell: rank": lambda e: e.nn.GRUCell(3, 4)(e.zeros(1, 2, 3)),
    "cell: rank of the state": lambda e: e.nn.RNNCell(3, 4)(e.zeros(2, 3), e.zeros(1, 2, 4)),
    "cell: width of the state": lambda e: e.nn.RNNCell(3, 4)(e.zeros(2, 3), e.zeros(2, 5)),
    "cell: rows of the state": lambda e: e.nn.RNNCell(3, 4)(e.zeros(2, 3), e.zeros(3, 4)),
    "cell: nonlinearity": lambda e: e.nn.RNNCell(3, 4, nonlinearity="sine")(e.zeros(2, 3)),
    "lstm cell: rows": lambda e: e.nn.LSTMCell(3, 4)(e.zeros(2, 3), (e.zeros(2, 4), e.zeros(3, 4))),
    "lstm cell: rank": lambda e: e.nn.LSTMCell(3, 4)(
        e.zeros(2, 3), (e.zeros(2, 4), e.zeros(3, 4, 1))
    ),
    "lstm cell: one state": lambda e: e.nn.LSTMCell(3, 4)(e.zeros(2, 3), (e.zeros(2, 4),)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_says_what_torch_says(name: str) -> None:
    said = []
    for engine in (ours, torch_or_skip()):
        with pytest.raises((RuntimeError, ValueError, TypeError)) as caught:
            ERRORS[name](engine)
        said.append((caught.type, str(caught.value).splitlines()[0]))
    assert said[0] == said[1]


def test_dropout_of_a_single_layer_warns() -> None:
    with pytest.warns(UserWarning, match="non-zero dropout expects num_layers greater than 1"):
        ours.nn.GRU(3, 4, dropout=0.5)


def test_dropout_acts_between_layers_in_training_only() -> None:
    layer = ours.nn.GRU(3, 40, num_layers=2, dropout=0.5)
    x = ours.randn(5, 2, 3)
    assert not ours.equal(layer(x)[0], layer(x)[0])
    layer.eval()
    assert ours.equal(layer(x)[0], layer(x)[0])


def test_parameters_are_drawn_in_order_within_their_bound() -> None:
    layer = ours.nn.LSTM(3, 16, num_layers=2, bidirectional=True, proj_size=4)
    for parameter in layer.parameters():
        values = parameter.detach().numpy()
        assert abs(values).max() <= 0.25
        assert abs(values).max() > 0.2
    ours.manual_seed(5)
    layer.reset_parameters()
    ours.manual_seed(5)
    for parameter in layer.parameters():
        again = ours.nn.init.uniform_(ours.empty(*parameter.shape), -0.25, 0.25)
        assert ours.equal(parameter.detach(), again)
    layer.flatten_parameters()


@pytest.mark.parametrize("steps", [2, 6])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_a_weight_changed_before_backward_is_reported(kind: str, steps: int) -> None:
    for engine in (ours, torch_or_skip()):
        layer = getattr(engine.nn, kind)(3, 4).double()
        loss = layer(engine.tensor(numbers(steps, 2, 3)))[0].sum()
        with engine.no_grad():
            layer.weight_hh_l0.mul_(0.9)
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_second_derivatives_equal_torch(kind: str) -> None:
    found = []
    for engine, layer in layers(kind, {"num_layers": 2, "bidirectional": True}):
        for steps in (2, 6):
            x = leaf(engine, numbers(steps, 2, 3))
            output = layer(x)[0]
            (grad,) = engine.autograd.grad((output * output).sum(), x, create_graph=True)
            (grad * grad).sum().backward()
            found.append([x.grad] + [p.grad for p in layer.parameters()])
    compare([found[0] + found[1], found[2] + found[3]])


def test_second_derivatives_of_pieces() -> None:
    gates = leaf(ours, numbers(2, 6))
    assert ours.autograd.gradgradcheck(lambda x: apply(UnsafeSplit, x, chunks=3), [gates])
    assert ours.autograd.gradgradcheck(lambda x: apply(UnsafeSplit, x, chunks=3)[1], [gates])
