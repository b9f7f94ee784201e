"""Recurrent cells: one step of time per call."""

from __future__ import annotations

import math
from typing import Any

from gradstep_engine.creation import zeros
from gradstep_engine.nn import init
from gradstep_engine.nn.functional import recurrent
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.nn.storage import empty_parameter
from gradstep_engine.tensor import Tensor


class RNNCellBase(Module):
    """The weights of a cell with `num_chunks` gates; all start uniform on ±1/√hidden_size."""

    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool,
        num_chunks: int,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        rows = num_chunks * hidden_size
        self.weight_ih = empty_parameter((rows, input_size), device, dtype)
        self.weight_hh = empty_parameter((rows, hidden_size), device, dtype)
        for name in ("bias_ih", "bias_hh"):
            vector = empty_parameter((rows,), device, dtype) if bias else None
            self.register_parameter(name, vector)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        """Return the sizes and what is not as usual."""
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            text += f", nonlinearity={self.nonlinearity}"
        return text

    def _weights(self) -> tuple[Parameter, Parameter, Parameter | None, Parameter | None]:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _rows(self, input: Tensor) -> Tensor:
        """Return the input as a batch."""
        rank = input._array.ndim
        if rank not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected input to be 1D or 2D, got {rank}D instead"
            )
        return input if rank == 2 else input.unsqueeze(0)

    def _state(self, hx: Tensor | None, input: Tensor, name: str = "hidden") -> Tensor:
        """Return the state for `input` as a batch; without one, zeros."""
        if hx is None:
            rows = self._rows(input)._array.shape[0]
            return zeros(rows, self.hidden_size, dtype=input.dtype)
        rank = hx._array.ndim
        if rank not in (1, 2):
            raise ValueError(
                f"{type(self).__name__}: Expected {name} to be 1D or 2D, got {rank}D instead"
            )
        return hx if input._array.ndim == 2 else hx.unsqueeze(0)


class RNNCell(RNNCellBase):
    """h′ = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Return the next hidden state for `input` (N, in) or (in)."""
        rows = self._rows(input)
        state = self._state(hx, input)
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        result = recurrent.rnn_cell(rows, state, *self._weights(), self.nonlinearity)
        return result if rows is input else result.squeeze(0)


class LSTMCell(RNNCellBase):
    """i, f, o = σ(...), g = tanh(...), c′ = f · c + i · g, h′ = o · tanh c′."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(
        self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return the next hidden and cell state for `input` (N, in) or (in)."""
        rows = self._rows(input)
        states: Any = hx
        if hx is None:
            states = (self._state(None, input),) * 2
        elif not isinstance(hx, Tensor):
            states = [self._state(each, input, f"hx[{k}]") for k, each in enumerate(hx)]
        hidden, cell = recurrent.lstm_cell(rows, states, *self._weights())
        return (hidden, cell) if rows is input else (hidden.squeeze(0), cell.squeeze(0))


class GRUCell(RNNCellBase):
    """r, z = σ(...), n = tanh(W_in x + b_in + r · (W_hn h + b_hn)), h′ = (1 − z) · n + z · h."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Return the next hidden state for `input` (N, in) or (in)."""
        rows = self._rows(input)
        result = recurrent.gru_cell(rows, self._state(hx, input), *self._weights())
        return result if rows is input else result.squeeze(0)
