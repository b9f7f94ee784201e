"""The recurrent layers: LSTM, GRU, and plain ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.ops.recurrent_layer import RecurrentLayer
from gradstep_engine.ops.scratch import scratch


def sigmoid_of_negative(z: Any) -> None:
    """Make 1 / (1 + e^z) of z, in its memory."""
    np.exp(z, out=z)
    z += 1
    np.reciprocal(z, out=z)


class LstmLayer(RecurrentLayer):
    """c′ = f · c + i · g and h′ = o · tanh c′ with gates z = W_ih x + b_ih + W_hh h + b_hh.

    The gates are i, f, g, o: i, f and o are σ of their parts of z, g is tanh of its own. With
    u = ∂/∂c′ + ∂/∂h′ · o (1 − tanh² c′), all that reaches the new cell state, the parts of ∂/∂z are
    u · g · i (1 − i),  u · c · f (1 − f),  u · i (1 − g²)  and  ∂/∂h′ · tanh c′ · o (1 − o);
    ∂/∂h = ∂/∂z W_hh, ∂/∂c = u · f.
    Source: Hochreiter and Schmidhuber, Long short-term memory, 1997, with forget gates.
    """

    op_name = "lstm"
    node_name = "MkldnnRnnLayerBackward0"
    mode = "LSTM"
    states = 2
    parts = 4  # o, i, f, g
    of_input = of_hidden = (slice(4), [3, 0, 1, 2])
    negated = slice(3)

    def name_of_node(self, x: Any, sizes: Any) -> str:
        if sizes is None and x.dtype == np.float32:
            return "MkldnnRnnLayerBackward0"
        return super().name_of_node(x, sizes)

    def room(self, count: int, width: int, dtype: Any) -> tuple[Any, ...]:
        """Return arrays for the cell states that steps begin with, and tanh of the next."""
        return scratch((count, width), dtype), scratch((count, width), dtype)

    def step(self, z: Any, states: list[Any], rows: slice, kept: tuple[Any, ...]) -> None:
        cells, tanhs = kept
        h, c = states
        o, i, f, g = z
        sigmoid_of_negative(z[:3])
        np.tanh(g, out=g)
        cells[rows] = c
        c *= f
        c += i * g
        tanh = np.tanh(c, out=tanhs[rows])
        np.multiply(o, tanh, out=h)

    def factors(self, gates: Any, before: Any, kept: list[Any], along: Any, direct: Any) -> None:
        (o, i, f, g), (cells, tanh) = gates, kept
        of_o, of_i, of_f, of_g = along
        # As x − x y for x (1 − y), with what x has in common: o tanh c′, i g and f c.
        for x, y, a, b in ((o, tanh, of_o, direct), (i, g, of_i, of_g)):
            product = x * y
            np.multiply(product, y, out=b)
            np.subtract(x, b, out=b)
            np.multiply(product, x, out=a)
            np.subtract(product, a, out=a)
        product = f * cells
        np.multiply(product, f, out=of_f)
        np.subtract(product, of_f, out=of_f)

    def through(self, d: Any, grads: list[Any], z: Any, along: Any, direct: Any) -> Any:
        u = grads[1]
        direct *= d
        u += direct
        along[0] *= d
        along[1:] *= u
        u *= z[2]


class GruLayer(RecurrentLayer):
    """h′ = (h − n) z + n with r, z = σ(W_i x + b_i + W_h h + b_h), n = tanh(W_in x + b_in + r q).

    q = W_hn h + b_hn. With d = ∂/∂h′, what reaches n's sum is e = d (1 − z) (1 − n²), q: e r,
    r's sum: e q r (1 − r), z's sum: d (h − n) z (1 − z); ∂/∂h = d z + these times their rows of
    W_h.
    Source: Cho et al., 2014, arXiv:1406.1078; the reset gate multiplies after the product with
    the weight, as in PyTorch.
    """

    op_name = "gru"
    node_name = "StackBackward0"
    mode = "GRU"
    parts = 4  # n, r, z, q
    of_input = (slice(3), [2, 0, 1])
    of_hidden = (slice(1, 4), [0, 1, 2])
    negated = slice(1, 3)

    def step(self, z: Any, states: list[Any], rows: slice, kept: tuple[Any, ...]) -> None:
        (h,), (n, r, update, q) = states, z
        sigmoid_of_negative(z[1:3])
        n += r * q
        np.tanh(n, out=n)
        h -= n
        h *= update
        h += n

    def factors(self, gates: Any, before: Any, kept: list[Any], along: Any, direct: Any) -> None:
        n, r, z, q = gates
        of_n, of_r, of_z, of_q = along
        np.multiply(n, n, out=of_n)
        np.subtract(1, of_n, out=of_n)
        np.subtract(1, z, out=of_z)
        of_n *= of_z
        of_z *= z
        of_z *= np.subtract(before, n, out=direct)
        np.multiply(of_n, r, out=of_q)
        np.subtract(1, r, out=of_r)
        of_r *= of_q
        of_r *= q
        direct[...] = z

    def through(self, d: Any, grads: list[Any], z: Any, along: Any, direct: Any) -> Any:
        along *= d
        direct *= d
        return direct


class RnnLayer(RecurrentLayer):
    """h′ = tanh(W_ih x + b_ih + W_hh h + b_hh).  With d = ∂/∂h′, d (1 − h′²) reaches the sum."""

    op_name = "rnn_tanh"
    node_name = "StackBackward0"
    mode = "RNN_TANH"
    parts = 1
    of_input = of_hidden = (slice(1), [0])

    def step(self, z: Any, states: list[Any], rows: slice, kept: tuple[Any, ...]) -> None:
        np.tanh(z, out=z)
        states[0][...] = z[0]

    def factors(self, gates: Any, before: Any, kept: list[Any], along: Any, direct: Any) -> None:
        np.multiply(gates, gates, out=along)
        np.subtract(1, along, out=along)

    def through(self, d: Any, grads: list[Any], z: Any, along: Any, direct: Any) -> Any:
        along *= d


class RnnReluLayer(RnnLayer):
    """h′ = max(0, W_ih x + b_ih + W_hh h + b_hh).  What reaches the sum is d where h′ > 0."""

    op_name = "rnn_relu"
    mode = "RNN_RELU"

    def step(self, z: Any, states: list[Any], rows: slice, kept: tuple[Any, ...]) -> None:
        np.maximum(z, 0, out=z)
        states[0][...] = z[0]

    def factors(self, gates: Any, before: Any, kept: list[Any], along: Any, direct: Any) -> None:
        np.greater(gates, 0, out=along)


LAYERS: dict[str, type[RecurrentLayer]] = {
    layer.mode: layer for layer in (LstmLayer, GruLayer, RnnLayer, RnnReluLayer)
}
"""By torch's name of the mode."""
