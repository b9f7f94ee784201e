"""Whole recurrent layers in one direction, each as one operation with its derivative by hand.

A row is one sequence at one time, [h, x, 1] with the state h from which that time begins: so one
product makes a step's gates, and one product over all rows the gradients of all weights. What does
not depend on the step before is done for many times at once. The later steps of a packed sequence
have fewer rows; the states of sequences that ended stay where they are.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from gradstep_engine.autograd.careful_walk import careful_walk
from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.search import Search
from gradstep_engine.ops.recurrent_steps import run_direction
from gradstep_engine.ops.scratch import scratch

BLOCK = 1 << 13
"""Elements of one gate worked on at a time, so that they stay in the processor's cache."""

Runs = list[tuple[int, int, int]]
"""First row, end of the rows, and how many rows each step has."""


@lru_cache(maxsize=32)
def steps_of(sizes: tuple[int, ...], backwards: bool) -> Runs:
    """Return the rows of each time, in the order of computation."""
    steps, start = [], 0
    for size in sizes:
        steps.append((start, start + size, size))
        start += size
    return steps[::-1] if backwards else steps


@lru_cache(maxsize=32)
def runs_of(sizes: tuple[int, ...], width: int) -> Runs:
    """Return the rows of several times together, of one size and of `BLOCK` elements at most."""
    runs: Runs = []
    for start, stop, size in steps_of(sizes, False):
        if runs and runs[-1][2] == size and (stop - runs[-1][0]) * width <= BLOCK:
            runs[-1] = (runs[-1][0], stop, size)
        else:
            runs.append((start, stop, size))
    return runs


class RecurrentLayer(Op):
    """What the layers share: products with the weights, and the way through time.

    Inputs: x (T, N, in) or the rows of a packed sequence (R, in), w_ih (gates · H, in), w_hh
    (gates · H, H), if there are biases b_ih and b_hh (gates · H), the state h (N, H) to start from,
    for an LSTM c as well. Results: h of all times, shaped like x, and the states at the end.

    Attributes:
        sizes: the rows at each time.
        backwards: from the last time to the first.
        parts: how many arrays (n, H) a step computes before it bends them.
        of_input: which of them the input takes part in, and of which gates of w_ih these are.
        of_hidden: the same for the state and w_hh.
        negated: which of them are computed with a changed sign, for σ(z) = 1 / (1 + e^(−z)).
    """

    mode: ClassVar[str]
    states: ClassVar[int] = 1
    parts: ClassVar[int]
    of_input: ClassVar[tuple[slice, list[int]]]
    of_hidden: ClassVar[tuple[slice, list[int]]]
    negated: ClassVar[slice] = slice(0)
    fresh = True
    saves: tuple[int, ...] = ()

    def forward(
        self, *arrays: Any, sizes: tuple[int, ...] | None = None, backwards: bool = False
    ) -> Any:
        x, w_ih, w_hh, *rest = arrays
        self.node_name = self.name_of_node(x, sizes)
        self.packed, self.backwards = sizes is not None, backwards
        self.sizes = (x.shape[1],) * len(x) if sizes is None else sizes
        ends = [state.copy() for state in rest[-self.states :]]
        width, count = w_hh.shape[1], sum(self.sizes)
        rows = scratch((count, width + x.shape[-1] + 1), x.dtype)
        rows[:, width:-1] = x.reshape(count, -1)
        rows[:, -1] = 1
        weights = self.joined(w_ih, w_hh, rest[: -self.states])
        # Those of one step lie together: (parts, n, H).
        gates = scratch((count * self.parts, width), x.dtype)
        kept = self.room(count, width, x.dtype)
        output = scratch((count, width), x.dtype)
        for start, stop, size in steps_of(self.sizes, backwards):
            states = [end[:size] for end in ends]
            rows[start:stop, :width] = states[0]
            z = gates[self.parts * start : self.parts * stop].reshape(self.parts, size, width)
            np.matmul(rows[start:stop], weights, out=z)
            self.step(z, states, slice(start, stop), kept)
            output[start:stop] = states[0]
        if self.edges:
            self.saves = tuple(range(len(arrays)))
            self.saved = arrays, rows, gates, kept
        return (output.reshape(*x.shape[:-1], width), *ends)

    def name_of_node(self, x: Any, sizes: Any) -> str:
        """Return torch's name of the node that gives the output."""
        return "StackBackward0" if sizes is None else "CatBackward0"

    def joined(self, w_ih: Any, w_hh: Any, biases: list[Any]) -> Any:
        """Return what rows [h, x, 1] are multiplied by: (parts, H + in + 1, H).

        A copy that is laid out as all steps read it: a few rows times a matrix that is only seen
        transposed is several times slower.
        """
        width = w_hh.shape[1]
        joined = np.zeros((self.parts, width + w_ih.shape[1] + 1, width), w_ih.dtype)
        pairs = ((self.of_input, w_ih, slice(width, -1)), (self.of_hidden, w_hh, slice(width)))
        for place, ((parts, gates), weight, columns) in enumerate(pairs):
            for part, gate in zip(joined[parts], gates, strict=True):
                at = slice(gate * width, (gate + 1) * width)
                part[columns] = weight[at].T
                if biases:
                    part[-1] += biases[place][at]
        negated = joined[self.negated]
        np.negative(negated, out=negated)
        return joined

    def room(self, count: int, width: int, dtype: Any) -> tuple[Any, ...]:
        """Return arrays for what `step` keeps besides the gates."""
        return ()

    def step(self, z: Any, states: list[Any], rows: slice, kept: tuple[Any, ...]) -> None:
        """Bend `z` (parts, n, H) to gates, and change the states to the next ones."""
        raise NotImplementedError

    def factors(self, gates: Any, before: Any, kept: list[Any], along: Any, direct: Any) -> None:
        """Write what `through` multiplies gradients by into `along` and `direct`.

        Shapes: gates and along (parts, times, n, H), the others (times, n, H).
        """
        raise NotImplementedError

    def through(self, d: Any, grads: list[Any], z: Any, along: Any, direct: Any) -> Any:
        """Turn `along` of one step into the gradient of its z, with `d` that arrived at its h.

        Returns:
            What reaches the h before without a product, or None.
        """
        raise NotImplementedError

    def backward(self, grad: Any, *grads_of_ends: Any) -> Any:
        assert self.saved is not None
        arrays, rows, gates, kept = self.saved
        w_ih, w_hh = arrays[1:3]
        count, width, parts = len(rows), w_hh.shape[1], self.parts
        along = scratch((parts, count, width), rows.dtype)
        direct = scratch((count, width), rows.dtype)
        for start, stop, size in runs_of(self.sizes, width):
            shape = (-1, size, width)
            self.factors(
                gates[parts * start : parts * stop].reshape(-1, parts, size, width).swapaxes(0, 1),
                rows[start:stop, :width].reshape(shape),
                [each[start:stop].reshape(shape) for each in kept],
                along[:, start:stop].reshape(parts, *shape),
                direct[start:stop].reshape(shape),
            )
        grads = [
            np.zeros_like(state) if arrived is None else arrived.copy()
            for state, arrived in zip(arrays[-self.states :], grads_of_ends, strict=True)
        ]
        arrived = None if grad is None else grad.reshape(count, width)
        hidden, order = self.of_hidden
        split = w_hh.reshape(len(order), width, width)[order]
        product = np.empty((len(order), len(grads[0]), width), rows.dtype)
        for start, stop, size in reversed(steps_of(self.sizes, self.backwards)):
            some = [each[:size] for each in grads]
            d = some[0]
            if arrived is not None:
                d += arrived[start:stop]
            z = gates[parts * start : parts * stop].reshape(parts, size, width)
            rest = self.through(d, some, z, along[:, start:stop], direct[start:stop])
            np.matmul(along[hidden, start:stop], split, out=product[:, :size])
            np.add.reduce(product[:, :size], 0, out=d)
            if rest is not None:
                d += rest
        return (*self._of_weights(along, rows, w_ih, width), *grads)

    def _of_weights(self, along: Any, rows: Any, w_ih: Any, width: int) -> list[Any]:
        """Return the gradients of x, the weights and the biases from those of all z."""
        assert self.saved is not None
        grads: list[Any] = [None]
        parts, order = self.of_input
        if self.needs(0):
            split = w_ih.reshape(len(order), width, -1)[order]
            x = self.saved[0][0]
            grads[0] = np.add.reduce(np.matmul(along[parts], split), 0).reshape(x.shape)
        joined = np.matmul(along.swapaxes(1, 2), rows)
        wanted = [(self.of_input, slice(width, -1)), (self.of_hidden, slice(width))]
        if len(self.edges) == 5 + self.states:
            wanted += [(self.of_input, slice(-1, None)), (self.of_hidden, slice(-1, None))]
        for (parts, order), columns in wanted:
            found = joined[parts, :, columns]
            ordered = np.empty(found.shape, found.dtype)
            ordered[order] = found
            last = ordered.shape[2]
            grads.append(ordered.reshape(-1) if columns.start == -1 else ordered.reshape(-1, last))
        return grads

    def backward_tensors(self, grad: Any, *grads_of_ends: Any) -> Any:
        """Run step by step again, from copies that stand where the inputs stand in the graph."""
        assert self.saved is not None
        placed = [self.placed(array, k) for k, array in enumerate(self.saved[0])]
        copies = [each.clone() for each in placed]
        x, *weights = copies[: -self.states]
        weights += [None] * (5 - len(weights))
        state = tuple(copies[-self.states :])
        sizes = self.sizes if self.packed else None
        output, ends = run_direction(self.mode, x, state, weights, sizes, self.backwards)
        roots = [
            (made.grad_fn, made.output_nr, arrived)
            for made, arrived in zip((output, *ends), (grad, *grads_of_ends), strict=True)
            if arrived is not None
        ]
        wanted = {copy.grad_fn: {0: [k]} for k, copy in enumerate(copies) if self.needs(k)}
        search = Search(wanted)
        careful_walk(roots, True, output, search, create_graph=True)
        return tuple([search.captured.get(k) for k in range(len(copies))])
