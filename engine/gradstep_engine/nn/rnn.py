"""Recurrent layers: RNN, LSTM and GRU over sequences."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

from gradstep_engine.creation import zeros
from gradstep_engine.nn import init
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.nn.recurrence import State, run_layers
from gradstep_engine.nn.storage import empty_parameter
from gradstep_engine.nn.utils.rnn import PackedSequence
from gradstep_engine.tensor import Tensor
from gradstep_engine.tensor.joins import stack

GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class RNNBase(Module):
    """What recurrent layers share: weights per layer and direction, checks, the forms of input.

    Input is (T, N, in), (N, T, in) with `batch_first`, (T, in) without a batch, or packed. The
    weights are called `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0` and
    `weight_hr_l0` (the projection), with `_reverse` for the direction backwards, and start uniform
    on ±1/√hidden_size.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_options(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if mode not in GATES:
            raise ValueError(f"Unrecognized RNN mode: {mode}")
        self.mode = mode
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse") if bidirectional else ("",):
                self._add_weights(layer, suffix, device, dtype)
        self.reset_parameters()

    def _add_weights(self, layer: int, suffix: str, device: Any, dtype: Any) -> None:
        """Make the parameters of one layer in one direction."""
        rows = GATES[self.mode] * self.hidden_size
        width = self.input_size if layer == 0 else self._output_size * self._directions
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, width),
            "weight_hh": (rows, self._output_size),
        }
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        names = {kind: f"{kind}_l{layer}{suffix}" for kind in shapes}
        for kind, shape in shapes.items():
            setattr(self, names[kind], empty_parameter(shape, device, dtype))
        self._all_weights.append(list(names.values()))

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _output_size(self) -> int:
        return self.proj_size or self.hidden_size

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters, one list per layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights_names(self) -> list[str]:
        return [name for names in self._all_weights for name in names]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [getattr(self, name) for name in self._flat_weights_names]

    def flatten_parameters(self) -> None:
        """Do nothing: only a GPU wants the parameters in one piece of memory."""

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        bound = 1 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound)

    def extra_repr(self) -> str:
        """Return the sizes and what is not as usual."""
        text = f"{self.input_size}, {self.hidden_size}"
        usual = {
            "proj_size": 0,
            "num_layers": 1,
            "bias": True,
            "batch_first": False,
            "dropout": 0,
            "bidirectional": False,
        }
        for name, value in usual.items():
            if getattr(self, name) != value:
                text += f", {name}={getattr(self, name)}"
        return text

    def forward(self, input: Any, hx: Any = None) -> Any:
        """Return the outputs of the last layer at all times, and all layers' states at the end.

        Args:
            input: the sequence, see the class.
            hx: (layers · directions, N, H) to start from, without a batch (layers · directions, H);
                for an LSTM a pair of them. Without it, zeros.

        Raises:
            RuntimeError: sizes do not fit.
            ValueError: the input has the wrong number of dimensions or type.
        """
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        rank = input._array.ndim
        if rank not in (2, 3):
            name = self.mode.split("_", maxsplit=1)[0]
            found = f"{rank}D tensor" if name == "RNN" else f"{rank}D"
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {found} instead")
        batch_dim = 0 if self.batch_first else 1
        batched = input if rank == 3 else input.unsqueeze(batch_dim)
        states = None if hx is None else self._batched_states(self._given(hx), rank)
        states = self._checked(batched, states, batched._array.shape[batch_dim], 3)
        timed = batched.transpose(0, 1) if self.batch_first else batched
        if timed._array.shape[0] == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        output, ends = self._run(timed, states, None)
        output = output.transpose(0, 1) if self.batch_first else output
        if rank == 2:
            output, ends = output.squeeze(batch_dim), tuple([end.squeeze(1) for end in ends])
        return output, self._result(ends)

    def _forward_packed(self, packed: PackedSequence, hx: Any) -> Any:
        data, batch_sizes, sorted_indices, unsorted_indices = packed
        sizes = tuple(batch_sizes.tolist())
        states = None if hx is None else self._given(hx)
        if states is not None and sorted_indices is not None:
            states = tuple([each.index_select(1, sorted_indices) for each in states])
        states = self._checked(data, states, sizes[0], 2)
        output, ends = self._run(data, states, sizes)
        if unsorted_indices is not None:
            ends = tuple([each.index_select(1, unsorted_indices) for each in ends])
        result = PackedSequence(output, batch_sizes, sorted_indices, unsorted_indices)
        return result, self._result(ends)

    def _run(
        self, input: Tensor, states: State, sizes: tuple[int, ...] | None
    ) -> tuple[Tensor, State]:
        weights = []
        for names in self._all_weights:
            found = {name.split("_l")[0]: getattr(self, name) for name in names}
            kinds = ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")
            weights.append([found.get(kind) for kind in kinds])
        starts = list(zip(*[each.unbind(0) for each in states], strict=True))
        probability = self.dropout if self.training else 0.0
        output, ends = run_layers(
            self.mode, input, starts, weights, self._directions, probability, sizes
        )
        return output, tuple([stack(each) for each in zip(*ends, strict=True)])

    def _checked(self, input: Tensor, states: State | None, batch: int, rank: int) -> State:
        """Return the states to start from after checking them and the input."""
        array, wanted = input._array, self._flat_weights[0].dtype
        if input.dtype != wanted:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({wanted}). "
                f"Convert input: input.to({wanted}), or convert model: model.to({input.dtype})"
            )
        if array.ndim != rank:
            raise RuntimeError(f"input must have {rank} dimensions, got {array.ndim}")
        if array.shape[-1] != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. Expected "
                f"{self.input_size}, got {array.shape[-1]}"
            )
        sizes = self._state_sizes(batch)
        if states is None:
            return tuple([zeros(*size, dtype=input.dtype) for size in sizes])
        for number, (state, size) in enumerate(zip(states, sizes, strict=True)):
            if state._array.shape != size:
                which = f"hidden[{number}]" if len(sizes) > 1 else "hidden"
                raise RuntimeError(f"Expected {which} size {size}, got {list(state._array.shape)}")
        return states

    def _state_sizes(self, batch: int) -> list[tuple[int, ...]]:
        return [(self.num_layers * self._directions, batch, self._output_size)]

    def _given(self, hx: Any) -> State:
        """Return what the user gave as states in a tuple."""
        return (hx,)

    def _result(self, states: State) -> Any:
        """Return the states in the form the user gets."""
        return states[0]

    def _batched_states(self, states: State, rank: int) -> State:
        """Return states with a dimension for the batch, which unbatched ones lack."""
        ranks = [each._array.ndim for each in states]
        if ranks != [rank] * len(ranks):
            kind = "unbatched" if rank == 2 else "batched"
            found = (
                f"hx and cx should also be {rank}-D but got ({ranks[0]}-D, {ranks[1]}-D) tensors"
                if len(ranks) > 1
                else f"hx should also be {rank}-D but got {ranks[0]}-D tensor"
            )
            raise RuntimeError(f"For {kind} {rank}-D input, {found}")
        return tuple([each.unsqueeze(1) for each in states]) if rank == 2 else states


class RNN(RNNBase):
    """h_t = tanh(W_ih x_t + b_ih + W_hh h_{t−1} + b_hh), or relu of it, in layers."""

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        *args: Any,
        **kwargs: Any,
    ) -> None:
        _refuse_projection(kwargs)
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(
                f"Unknown nonlinearity '{nonlinearity}'. Select from 'tanh' or 'relu'."
            )
        mode = f"RNN_{nonlinearity.upper()}"
        super().__init__(mode, input_size, hidden_size, num_layers, *args, **kwargs)
        self.nonlinearity = nonlinearity


class LSTM(RNNBase):
    """i, f, o = σ(...), g = tanh(...), c_t = f · c_{t−1} + i · g, h_t = o · tanh c_t, in layers.

    With `proj_size` the output is W_hr h_t.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def _state_sizes(self, batch: int) -> list[tuple[int, ...]]:
        count = self.num_layers * self._directions
        return [(count, batch, self._output_size), (count, batch, self.hidden_size)]

    def _given(self, hx: Any) -> State:
        return (hx[0], hx[1])

    def _result(self, states: State) -> Any:
        return states


class GRU(RNNBase):
    """r, z = σ(...), n = tanh(W_in x + b_in + r (W_hn h + b_hn)), h_t = (1 − z) n + z h_{t−1}."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _refuse_projection(kwargs)
        super().__init__("GRU", *args, **kwargs)


def _refuse_projection(kwargs: dict[str, Any]) -> None:
    if "proj_size" in kwargs:
        raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")


def _check_options(
    input_size: int,
    hidden_size: int,
    num_layers: int,
    bias: bool,
    batch_first: bool,
    dropout: float,
    proj_size: int,
) -> None:
    """Refuse options that make no layer, and warn of dropout that is never applied."""
    if isinstance(dropout, bool) or not isinstance(dropout, numbers.Real) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an "
            "element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and "
            f"num_layers={num_layers}",
            stacklevel=4,
        )
    for name, value, kind in (
        ("bias", bias, bool),
        ("batch_first", batch_first, bool),
        ("input_size", input_size, int),
        ("hidden_size", hidden_size, int),
    ):
        if not isinstance(value, kind):
            raise TypeError(
                f"{name} should be of type {kind.__name__}, got: {type(value).__name__}"
            )
    for name, size in (
        ("input_size", input_size),
        ("hidden_size", hidden_size),
        ("num_layers", num_layers),
    ):
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")
