"""Results of recurrent layers: one step, from the hidden state that the output before it shows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from gradstep.views import numbers
from gradstep.views.formulas.call import Array, Call, Place, Unknown
from gradstep.views.formulas.results.elementwise import Work, sigmoid
from gradstep.views.formulas.results.products import given
from gradstep.views.formulas.rule import Worked, number


class Layer:
    """A recurrent layer as it was called: x, weights, biases, first hidden state."""

    def __init__(self, call: Call, states: int) -> None:
        self.x, self.of_input, self.of_hidden = (call.array(i) for i in range(3))
        self.out = call.output()
        count = len(call.arguments)
        biased = count - 3 - states == 2
        if not biased and count - 3 - states:
            raise Unknown("a layer of another kind")
        self.biases = (call.array(3), call.array(4)) if biased else None
        self.first = call.array(5 if biased else 3)
        self.cell = call.array(6 if biased else 4) if states > 1 else None
        self.backwards = bool(call.option("backwards", False))
        if self.x.ndim != 3 or self.of_hidden.shape[1] != self.out.shape[-1]:
            raise Unknown("packed sequences, or a projection")
        self.width = self.of_hidden.shape[1]
        if not given(call, 2):
            raise Unknown("the weights were not recorded")

    def before(self, time: int, sample: int) -> Array:
        """Give the hidden state that a step begins with."""
        last = time + 1 if self.backwards else time - 1
        if 0 <= last < len(self.out):
            return self.out[last, sample]
        return self.first.reshape(-1, self.width)[sample]

    def sums(self, time: int, sample: int, unit: int, part: int) -> tuple[float, float]:
        """Give both sums of a gate: over the input and over the hidden state, with biases."""
        row = part * self.width + unit
        one = float(self.of_input[row] @ self.x[time, sample])
        two = float(self.of_hidden[row] @ self.before(time, sample))
        if self.biases is not None:
            one, two = one + float(self.biases[0][row]), two + float(self.biases[1][row])
        return one, two


def _plain(call: Call, place: Place) -> Worked:
    time, sample, unit = place
    one, two = Layer(call, 1).sums(time, sample, unit, 0)
    scale = abs(one) + abs(two)
    if call.op.name == "rnn_relu":
        return Worked(f"max({number(one)} + {number(two)}, 0)", max(one + two, 0.0), scale)
    return Worked(f"tanh({number(one)} + {number(two)})", math.tanh(one + two), scale)


def _gru(call: Call, place: Place) -> Worked:
    time, sample, unit = place
    layer = Layer(call, 1)
    r, z = (sigmoid(sum(layer.sums(time, sample, unit, part))) for part in range(2))
    one, two = layer.sums(time, sample, unit, 2)
    n = math.tanh(one + r * two)
    h = float(layer.before(time, sample)[unit])
    text = f"(1 − {number(z)}) · {number(n)} + {number(z)} · {number(h)}   (1 − z)·n + z·h"
    return Worked(text, (1 - z) * n + z * h, abs(n) + abs(h))


def _lstm(call: Call, place: Place) -> Worked:
    time, sample, unit = place
    layer = Layer(call, 2)
    assert layer.cell is not None
    c = float(layer.cell.reshape(-1, layer.width)[sample, unit])
    steps = range(len(layer.out) - 1, time - 1, -1) if layer.backwards else range(time + 1)
    o = 0.0
    for step in steps:
        i, f, g, o = (sum(layer.sums(step, sample, unit, part)) for part in range(4))
        c, o = sigmoid(f) * c + sigmoid(i) * math.tanh(g), sigmoid(o)
    text = f"o · tanh c = {number(o)} · tanh({numbers.number(c)})"
    return Worked(text, o * math.tanh(c), 1.0)


def run_layer(call: Call, given: list[Array]) -> list[Array]:
    """Run a whole layer again, with other arguments: all outputs, as the op gives them.

    Raises:
        Unknown: it was called in a way that is not foreseen.
    """
    import numpy as np

    states = 2 if call.op.name == "lstm" else 1
    layer = Layer(call, states)
    x, of_input, of_hidden = given[:3]
    before = 5 if layer.biases is not None else 3
    biases = given[3:5] if layer.biases is not None else [np.zeros(len(of_input))] * 2
    shape = given[before].shape
    h = given[before].reshape(-1, layer.width)
    c = given[before + 1].reshape(-1, layer.width) if states > 1 else h
    steps = range(len(x) - 1, -1, -1) if layer.backwards else range(len(x))
    outputs: list[Array] = [h] * len(x)
    for t in steps:
        ones = x[t] @ of_input.T + biases[0]
        twos = h @ of_hidden.T + biases[1]
        if call.op.name == "lstm":
            i, f, g, o = np.split(ones + twos, 4, axis=-1)
            c = _sigmoids(f) * c + _sigmoids(i) * np.tanh(g)
            h = _sigmoids(o) * np.tanh(c)
        elif call.op.name == "gru":
            (r1, z1, n1), (r2, z2, n2) = np.split(ones, 3, -1), np.split(twos, 3, -1)
            z = _sigmoids(z1 + z2)
            h = (1 - z) * np.tanh(n1 + _sigmoids(r1 + r2) * n2) + z * h
        else:
            both = ones + twos
            h = np.maximum(both, 0) if call.op.name == "rnn_relu" else np.tanh(both)
        outputs[t] = h
    found = [np.stack(outputs), h.reshape(shape)]
    return [*found, c.reshape(shape)] if states > 1 else found


def _sigmoids(values: Array) -> Array:
    import numpy as np

    found: Array = np.exp(-np.logaddexp(0, -values))
    return found


WORKS: Final[Mapping[str, Work]] = {
    "rnn_tanh": _plain,
    "rnn_relu": _plain,
    "gru": _gru,
    "lstm": _lstm,
}
