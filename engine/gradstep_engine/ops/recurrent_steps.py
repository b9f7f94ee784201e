"""Recurrent layers step by step, in operations on tensors.

A plain layer is one operation (`recurrent_layer`); this is the way of its second derivatives and
of LSTMs with a projection. The input is projected at once; the steps of time then only add the
hidden state's part. A packed sequence has fewer rows at each later step, because its sequences are
sorted by length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradstep_engine.autograd.function import apply
from gradstep_engine.ops.joining import Cat, Stack
from gradstep_engine.ops.linear import Linear
from gradstep_engine.ops.recurrent import Turned, UnsafeSplit

State = tuple[Any, ...]
"""The hidden state (N, H), for an LSTM also the cell state; the first is the step's output."""

Step = Callable[[Any, State], State]

FEW = 4
"""Up to so many steps, turning the hidden weight costs more than it saves."""


def run_direction(
    mode: str,
    input: Any,
    state: State,
    weights: Sequence[Any],
    sizes: Sequence[int] | None,
    backwards: bool,
) -> tuple[Any, State]:
    """Run one layer in one direction; return its outputs in the order of time and its end.

    Args:
        mode: `RNN_TANH`, `RNN_RELU`, `LSTM` or `GRU`.
        input: (T, N, in), or the rows of a packed sequence.
        state: what to start from.
        weights: w_ih, w_hh, b_ih, b_hh and w_hr, None where there is none.
        sizes: the rows at each time of a packed sequence.
        backwards: from the last time to the first.
    """
    projected = linear(input, weights[0], weights[2])
    pieces = projected.unbind(0) if sizes is None else projected.split(list(sizes), 0)
    step = step_of(mode, weights, len(pieces))
    if sizes is not None:
        outputs, state = run_packed(step, pieces, state, sizes, backwards)
        return apply(Cat, *outputs, dim=0), state
    outputs = []
    for piece in reversed(pieces) if backwards else pieces:
        state = step(piece, state)
        outputs.append(state[0])
    return apply(Stack, *(outputs[::-1] if backwards else outputs), dim=0), state


def run_packed(
    step: Step, pieces: Sequence[Any], state: State, sizes: Sequence[int], backwards: bool
) -> tuple[list[Any], State]:
    """Run over a packed sequence: rows join (backwards) or leave where sequences end."""
    start, rows = state, sizes[-1] if backwards else sizes[0]
    state = tuple([each[:rows] for each in start]) if rows < sizes[0] else start
    outputs: list[Any] = []
    ended: list[State] = []
    order = list(zip(pieces, sizes, strict=True))
    for piece, size in reversed(order) if backwards else order:
        if size > rows:
            new = [each[rows:size] for each in start]
            state = tuple([apply(Cat, *pair, dim=0) for pair in zip(state, new, strict=True)])
        elif size < rows:
            ended.append(tuple([each[size:] for each in state]))
            state = tuple([each[:size] for each in state])
        rows = size
        state = step(piece, state)
        outputs.append(state[0])
    if backwards:
        return outputs[::-1], state
    if ended:
        pairs = zip(state, *ended[::-1], strict=True)
        state = tuple([apply(Cat, *parts, dim=0) for parts in pairs])
    return outputs, state


def step_of(mode: str, weights: Sequence[Any], steps: int) -> Step:
    """Return the function that makes one step of time: (projected input, state) to state."""
    hidden_gates = hidden_map(weights[1], weights[3], steps)
    if mode == "GRU":
        return lambda gates, state: (gru_step(gates, hidden_gates(state[0]), state[0]),)
    if mode != "LSTM":
        kind = "tanh" if mode == "RNN_TANH" else "relu"
        return lambda gates, state: (rnn_step(gates, hidden_gates(state[0]), kind),)
    w_hr = weights[4]

    def step(gates: Any, state: State) -> State:
        hidden, cell = lstm_step(gates, hidden_gates(state[0]), state[1])
        return hidden if w_hr is None else linear(hidden, w_hr), cell

    return step


def rnn_step(input_gates: Any, hidden_gates: Any, nonlinearity: str) -> Any:
    """Return tanh or relu of what the input and the hidden state say together."""
    gates = hidden_gates + input_gates
    return gates.relu() if nonlinearity == "relu" else gates.tanh()


def lstm_step(input_gates: Any, hidden_gates: Any, cell: Any) -> tuple[Any, Any]:
    """Return h′ = o · tanh c′ and c′ = f · c + i · g; gates i, f, o by σ, g by tanh."""
    i, f, g, o = chunk(input_gates + hidden_gates, 4)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    cell = f * cell + i * g
    return o * cell.tanh(), cell


def gru_step(input_gates: Any, hidden_gates: Any, hidden: Any) -> Any:
    """Return h′ = (h − n) z + n with gates r, z by σ, n = tanh(input's + r · hidden's).

    Source: Cho et al., 2014, arXiv:1406.1078; the reset gate multiplies after the product with
    the weight, as in PyTorch.
    """
    input_r, input_z, input_n = chunk(input_gates, 3)
    hidden_r, hidden_z, hidden_n = chunk(hidden_gates, 3)
    reset = (hidden_r + input_r).sigmoid()
    update = (hidden_z + input_z).sigmoid()
    new = (input_n + hidden_n * reset).tanh()
    return (hidden - new) * update + new


def chunk(gates: Any, chunks: int) -> tuple[Any, ...]:
    """Return `chunks` pieces of equal width along the last dimension."""
    return apply(UnsafeSplit, gates, chunks=chunks)  # type: ignore[no-any-return]


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """Return input · weightᵀ + bias."""
    return apply(Linear, input, weight) if bias is None else apply(Linear, input, weight, bias)


def hidden_map(weight: Any, bias: Any, steps: int) -> Callable[[Any], Any]:
    """Return h ↦ h Wᵀ + b, made for many calls."""
    if steps <= FEW:
        return lambda hidden: linear(hidden, weight, bias)
    turned = apply(Turned, weight)
    if bias is None:
        return lambda hidden: hidden.mm(turned)
    return lambda hidden: bias.addmm(hidden, turned)
