"""The gates of recurrent cells."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op, apply
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.joining import Cat


class UnsafeSplit(Op):
    """Pieces of one width along the last dimension.  ∂/∂a = the pieces' gradients side by side.

    The pieces lie in a's memory, but are no views of it: nobody holds a once it is split.
    """

    op_name = "chunk"
    node_name = "UnsafeSplitBackward0"

    def forward(self, a: Any, *, chunks: int) -> Any:
        width = a.shape[-1] // chunks
        self.piece: tuple[int, ...] = (*a.shape[:-1], width)
        return tuple([a[..., k * width : (k + 1) * width] for k in range(chunks)])

    def backward(self, *grads: Any) -> Any:
        kind = next(grad.dtype for grad in grads if grad is not None)
        pieces = [np.zeros(self.piece, kind) if grad is None else grad for grad in grads]
        return (np.concatenate(pieces, -1),)

    def backward_tensors(self, *grads: Any) -> Any:
        kind = next(grad._array.dtype for grad in grads if grad is not None)
        pieces = [wrap(np.zeros(self.piece, kind)) if grad is None else grad for grad in grads]
        return (apply(Cat, *pieces, dim=len(self.piece) - 1),)


class LstmCell(Op):
    """c′ = f · c + i · g, h = o · tanh c′, with i, f, o = σ(their gates) and g = tanh(its gates).

    The gates are the sum of what the input and the hidden state say, side by side as i, f, g, o.
    With u = ∂/∂c′ + ∂/∂h · o (1 − tanh² c′), all that reaches the new cell state:
    ∂/∂c = u · f;  along the gates ∂/∂i = u · g · i (1 − i), ∂/∂f = u · c · f (1 − f),
    ∂/∂g = u · i (1 − g²), ∂/∂o = ∂/∂h · tanh c′ · o (1 − o).

    Shapes: both gates (N, 4H), c (N, H); results h and c′ (N, H).
    Source: Hochreiter and Schmidhuber, Long short-term memory, 1997, with forget gates.
    """

    op_name = "lstm_cell"
    node_name = "ThnnFusedLstmCellBackward0"
    saves = (0, 1, 2)

    def forward(self, input_gates: Any, hidden_gates: Any, c: Any) -> Any:
        width = c.shape[1]
        gates = hidden_gates + input_gates
        g = np.tanh(gates[:, 2 * width : 3 * width])
        # All four at once, in the memory of the sum: σ of g's part goes unused, and costs less.
        np.negative(gates, out=gates)
        np.exp(gates, out=gates)
        gates += 1
        np.reciprocal(gates, out=gates)
        new = gates[:, width : 2 * width] * c
        new += gates[:, :width] * g
        tanh = np.tanh(new)
        self.saved = input_gates, hidden_gates, c, gates, g, tanh
        return gates[:, 3 * width :] * tanh, new

    def backward(self, grad_h: Any, grad_c: Any) -> Any:
        assert self.saved is not None
        c, gates, g, tanh = self.saved[2:]
        width = c.shape[1]
        i, f, o = gates[:, :width], gates[:, width : 2 * width], gates[:, 3 * width :]
        result = gates * gates
        np.subtract(gates, result, out=result)
        along_i, along_f, along_o = (
            result[:, :width],
            result[:, width : 2 * width],
            result[:, 3 * width :],
        )
        if grad_h is None:
            cell = grad_c
            along_o[...] = 0
        else:
            cell = tanh * tanh
            np.subtract(1, cell, out=cell)
            cell *= o
            cell *= grad_h
            if grad_c is not None:
                cell += grad_c
            along_o *= grad_h
            along_o *= tanh
        along_i *= g
        along_i *= cell
        along_f *= c
        along_f *= cell
        along_g = g * g
        np.subtract(1, along_g, out=along_g)
        along_g *= i
        np.multiply(along_g, cell, out=result[:, 2 * width : 3 * width])
        return result, result, cell * f if self.needs(2) else None

    def backward_tensors(self, grad_h: Any, grad_c: Any) -> Any:
        i, f, g, o = apply(UnsafeSplit, self.input(0) + self.input(1), chunks=4)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        c = self.input(2)
        tanh = (f * c + i * g).tanh()
        cell = 0 if grad_c is None else grad_c
        if grad_h is not None:
            cell = cell + grad_h * o * (1 - tanh * tanh)
        along_o = o * 0 if grad_h is None else grad_h * tanh * o * (1 - o)
        along = (cell * g * i * (1 - i), cell * c * f * (1 - f), cell * i * (1 - g * g), along_o)
        result = apply(Cat, *along, dim=1)
        return result, result, cell * f if self.needs(2) else None
