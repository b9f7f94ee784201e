"""One step of a recurrent cell, with PyTorch's order of operations.

Shapes: input (N, in), hidden states (N, H), weights (gates · H, in) and (gates · H, H).
"""

from __future__ import annotations

from collections.abc import Sequence

from gradstep_engine.autograd.function import apply
from gradstep_engine.nn.functional.activation import relu
from gradstep_engine.nn.functional.linear import linear
from gradstep_engine.ops.recurrent import UnsafeSplit
from gradstep_engine.tensor import Tensor


def chunk(gates: Tensor, chunks: int) -> tuple[Tensor, ...]:
    """Return `chunks` pieces of equal width along the last dimension."""
    return apply(UnsafeSplit, gates, chunks=chunks)  # type: ignore[no-any-return]


def rnn_step(input_gates: Tensor, hidden_gates: Tensor, nonlinearity: str) -> Tensor:
    """Return tanh or relu of what the input and the hidden state say together."""
    gates = hidden_gates + input_gates
    if nonlinearity == "relu":
        return relu(gates)
    result: Tensor = gates.tanh()
    return result


def gru_step(input_gates: Tensor, hidden_gates: Tensor, hidden: Tensor) -> Tensor:
    """Return h′ = (h − n) z + n with gates r, z by σ, n = tanh(input's + r · hidden's).

    Source: Cho et al., 2014, arXiv:1406.1078; the reset gate multiplies after the product with
    the weight, as in PyTorch.
    """
    input_r, input_z, input_n = chunk(input_gates, 3)
    hidden_r, hidden_z, hidden_n = chunk(hidden_gates, 3)
    reset = (hidden_r + input_r).sigmoid()
    update = (hidden_z + input_z).sigmoid()
    new = (input_n + hidden_n * reset).tanh()
    result: Tensor = (hidden - new) * update + new
    return result


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
    return rnn_step(linear(input, w_ih, b_ih), linear(hidden, w_hh, b_hh), nonlinearity)


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
    gates = linear(input, w_ih, b_ih) + linear(hidden, w_hh, b_hh)
    i, f, g, o = chunk(gates, 4)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    cell = f * cell + i * g
    return o * cell.tanh(), cell


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
    return gru_step(linear(input, w_ih, b_ih), linear(hidden, w_hh, b_hh), hidden)


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
