"""Stacks of recurrent layers over whole sequences, padded or packed."""

from __future__ import annotations

from collections.abc import Sequence

from gradstep_engine.autograd.function import apply
from gradstep_engine.nn.functional.dropout import dropout
from gradstep_engine.ops.recurrent_modes import LAYERS
from gradstep_engine.ops.recurrent_steps import run_direction as step_by_step
from gradstep_engine.tensor import Tensor
from gradstep_engine.tensor.joins import cat

State = tuple[Tensor, ...]
"""The hidden state (N, H), for an LSTM also the cell state."""


def run_layers(
    mode: str,
    input: Tensor,
    states: Sequence[Sequence[Tensor]],
    weights: Sequence[Sequence[Tensor | None]],
    directions: int,
    probability: float,
    sizes: tuple[int, ...] | None,
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
    sizes: tuple[int, ...] | None,
    backwards: bool,
) -> tuple[Tensor, State]:
    """Run one layer in one direction; return its outputs in the order of time and its end."""
    if weights[4] is not None:
        return step_by_step(mode, input, state, weights, sizes, backwards)
    given = [weight for weight in weights if weight is not None]
    attributes = (
        {"backwards": backwards} if sizes is None else {"backwards": backwards, "sizes": sizes}
    )
    output, *ends = apply(LAYERS[mode], input, *given, *state, **attributes)
    return output, tuple(ends)
