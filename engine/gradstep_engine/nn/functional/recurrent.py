"""One step of a recurrent cell, with PyTorch's order of operations.

Shapes: input (N, in), hidden states (N, H), weights (gates · H, in) and (gates · H, H).
"""

from __future__ import annotations

from collections.abc import Sequence

from gradstep_engine.nn.functional.linear import linear
from gradstep_engine.ops.recurrent_steps import gru_step, lstm_step, rnn_step
from gradstep_engine.tensor import Tensor


def rnn_cell(
    input: Tensor,
    hidden: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
    nonlinearity: str = "tanh",
) -> Tensor:
    """Return the next hidden state (N, H) of a plain recurrent cell."""
    _check(input, (hidden,), w_ih, w_hh)
    result: Tensor = rnn_step(linear(input, w_ih, b_ih), linear(hidden, w_hh, b_hh), nonlinearity)
    return result


def lstm_cell(
    input: Tensor,
    hx: Sequence[Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the next hidden and cell state (N, H): c′ = f · c + i · g, h = o · tanh c′.

    Raises:
        RuntimeError: sizes do not fit, or there are not two states.
        TypeError: `hx` is a tensor.
    """
    if isinstance(hx, Tensor):
        raise TypeError(
            "lstm_cell(): argument 'hx' (position 2) must be tuple of Tensors, not Tensor"
        )
    if len(hx) != 2:
        raise RuntimeError("lstm_cell expects two hidden states")
    hidden, cell = hx
    _check(input, (hidden, cell), w_ih, w_hh)
    return lstm_step(linear(input, w_ih, b_ih), linear(hidden, w_hh, b_hh), cell)


def gru_cell(
    input: Tensor,
    hidden: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> Tensor:
    """Return the next hidden state (N, H) of a gated recurrent unit."""
    _check(input, (hidden,), w_ih, w_hh)
    result: Tensor = gru_step(linear(input, w_ih, b_ih), linear(hidden, w_hh, b_hh), hidden)
    return result


def _check(input: Tensor, states: tuple[Tensor, ...], w_ih: Tensor, w_hh: Tensor) -> None:
    rows, width = input._array.shape
    wanted, size = w_ih._array.shape[1], w_hh._array.shape[1]
    if width != wanted:
        raise RuntimeError(f"input has inconsistent input_size: got {width} expected {wanted}")
    for number, state in enumerate(states):
        shape = state._array.shape
        if shape[0] != rows:
            raise RuntimeError(
                f"Input batch size {rows} doesn't match hidden{number} batch size {shape[0]}"
            )
        if shape[1] != size:
            raise RuntimeError(
                f"hidden{number} has inconsistent hidden_size: got {shape[1]}, expected {size}"
            )
