"""Recurrent layers over whole sequences, padded or packed.

The input of a layer is projected at once; the steps of time then only add the hidden state's part.
A packed sequence has fewer rows at each later step, because its sequences are sorted by length.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gradstep_engine.autograd.function import apply
from gradstep_engine.nn.functional.dropout import dropout
from gradstep_engine.nn.functional.linear import linear
from gradstep_engine.nn.functional.recurrent import gru_step, rnn_step
from gradstep_engine.ops.recurrent import LstmCell, Turned
from gradstep_engine.tensor import Tensor
from gradstep_engine.tensor.joins import cat, stack

State = tuple[Tensor, ...]
"""The hidden state (N, H), for an LSTM also the cell state; the first is the step's output."""

Step = Callable[[Tensor, State], State]

FEW = 4
"""Up to so many steps, turning the hidden weight costs more than it saves."""


def run_layers(
    mode: str,
    input: Tensor,
    states: Sequence[Sequence[Tensor]],
    weights: Sequence[Sequence[Tensor | None]],
    directions: int,
    probability: float,
    sizes: list[int] | None,
) -> tuple[Tensor, list[State]]:
    """Run a stack of layers, in one or two directions.

    Args:
        mode: `RNN_TANH`, `RNN_RELU`, `LSTM` or `GRU`.
        input: (T, N, in), or the rows of a packed sequence.
        states: per layer and direction the state to start from.
        weights: per layer and direction w_ih, w_hh, b_ih, b_hh and w_hr, None where there is none.
        directions: 1 or 2; the second runs backwards in time.
        probability: of dropout between layers; 0 outside training.
        sizes: the rows at each time of a packed sequence.

    Returns:
        The last layer's outputs, and per layer and direction the state it ended in.
    """
    output, ends = input, []
    for first in range(0, len(weights), directions):
        outputs = []
        for direction in range(directions):
            place = first + direction
            result, end = run_direction(
                mode, output, tuple(states[place]), weights[place], sizes, direction == 1
            )
            outputs.append(result)
            ends.append(end)
        output = outputs[0] if directions == 1 else cat(outputs, -1)
        if probability and first + directions < len(weights):
            output = dropout(output, probability)
    return output, ends


def run_direction(
    mode: str,
    input: Tensor,
    state: State,
    weights: Sequence[Tensor | None],
    sizes: list[int] | None,
    backwards: bool,
) -> tuple[Tensor, State]:
    """Run one layer in one direction; return its outputs in the order of time and its end."""
    w_ih, _, b_ih = weights[:3]
    assert w_ih is not None
    projected = linear(input, w_ih, b_ih)
    pieces = projected.unbind(0) if sizes is None else projected.split(sizes, 0)
    step = step_of(mode, weights, len(pieces))
    if sizes is not None:
        outputs, state = run_packed(step, pieces, state, sizes, backwards)
        return cat(outputs), state
    outputs = []
    for piece in reversed(pieces) if backwards else pieces:
        state = step(piece, state)
        outputs.append(state[0])
    return stack(outputs[::-1] if backwards else outputs), state


def run_packed(
    step: Step, pieces: Sequence[Tensor], state: State, sizes: list[int], backwards: bool
) -> tuple[list[Tensor], State]:
    """Run over a packed sequence: rows join (backwards) or leave where sequences end."""
    start, rows = state, sizes[-1] if backwards else sizes[0]
    state = tuple([each[:rows] for each in start]) if rows < sizes[0] else start
    outputs: list[Tensor] = []
    ended: list[State] = []
    order = list(zip(pieces, sizes, strict=True))
    for piece, size in reversed(order) if backwards else order:
        if size > rows:
            new = [each[rows:size] for each in start]
            state = tuple([cat(pair) for pair in zip(state, new, strict=True)])
        elif size < rows:
            ended.append(tuple([each[size:] for each in state]))
            state = tuple([each[:size] for each in state])
        rows = size
        state = step(piece, state)
        outputs.append(state[0])
    if backwards:
        return outputs[::-1], state
    if ended:
        state = tuple([cat(parts) for parts in zip(state, *ended[::-1], strict=True)])
    return outputs, state


def step_of(mode: str, weights: Sequence[Tensor | None], steps: int) -> Step:
    """Return the function that makes one step of time: (projected input, state) to state."""
    if mode == "LSTM":
        return lstm_step(weights, steps)
    hidden_gates = hidden_map(weights[1], weights[3], steps)
    if mode == "GRU":
        return lambda gates, state: (gru_step(gates, hidden_gates(state[0]), state[0]),)
    kind = "tanh" if mode == "RNN_TANH" else "relu"
    return lambda gates, state: (rnn_step(gates, hidden_gates(state[0]), kind),)


def lstm_step(weights: Sequence[Tensor | None], steps: int) -> Step:
    """Return one step of an LSTM, which is a single operation: as for torch, speed counts here."""
    turned = turned_weight(weights[1], steps)
    b_hh, w_hr = weights[3:5]
    biases = () if b_hh is None else (b_hh,)

    def step(gates: Tensor, state: State) -> State:
        hidden, cell = apply(LstmCell, gates, *state, turned, *biases)
        return hidden if w_hr is None else linear(hidden, w_hr), cell

    return step


def hidden_map(
    weight: Tensor | None, bias: Tensor | None, steps: int
) -> Callable[[Tensor], Tensor]:
    """Return h ↦ h Wᵀ + b, made for many calls."""
    assert weight is not None
    if steps <= FEW:
        return lambda hidden: linear(hidden, weight, bias)
    turned = turned_weight(weight, steps)
    if bias is None:
        return lambda hidden: hidden.mm(turned)
    return lambda hidden: bias.addmm(hidden, turned)


def turned_weight(weight: Tensor | None, steps: int) -> Tensor:
    """Return Wᵀ, for many steps in memory as it is read.

    A small batch times a matrix that is only seen transposed is several times slower.
    """
    assert weight is not None
    turned: Tensor = weight.t() if steps <= FEW else apply(Turned, weight)
    return turned
