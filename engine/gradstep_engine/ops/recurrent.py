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


class Turned(Op):
    """Wᵀ in memory of its own, as it is read by many products.  ∂/∂W = gradᵀ.

    It keeps W only for the check of its version: without that copy, the products would keep it, and
    an optimizer that steps before backward would be noticed.
    """

    op_name = "t"
    node_name = "TBackward0"
    saves = (0,)

    def forward(self, weight: Any) -> Any:
        self.saved = (weight,)
        return np.ascontiguousarray(weight.T)

    def backward(self, grad: Any) -> Any:
        return (grad.T,)

    def backward_tensors(self, grad: Any) -> Any:
        return (grad.t(),)


class LstmCell(Op):
    """c′ = f · c + i · g and h′ = o · tanh c′, the gates from z = x + h W + b.

    Side by side z holds the gates i, f, g, o: i, f and o are σ of their parts, g is tanh of its
    own; x is the input's part, already projected. With u = ∂/∂c′ + ∂/∂h′ · o (1 − tanh² c′), all
    that reaches the new cell state, the parts of ∂/∂z are
    u · g · i (1 − i),  u · c · f (1 − f),  u · i (1 − g²)  and  ∂/∂h′ · tanh c′ · o (1 − o);
    ∂/∂x = ∂/∂z, ∂/∂h = ∂/∂z Wᵀ, ∂/∂W = hᵀ ∂/∂z, ∂/∂b = Σ ∂/∂z over the rows, ∂/∂c = u · f.

    Shapes: x (N, 4H), h (N, P), c (N, H), W (P, 4H), b (4H); results h′ and c′ (N, H).
    Source: Hochreiter and Schmidhuber, Long short-term memory, 1997, with forget gates.
    """

    op_name = "lstm_cell"
    node_name = "ThnnFusedLstmCellBackward0"
    saves: tuple[int, ...] = (0, 1, 2, 3)

    def forward(self, x: Any, h: Any, c: Any, weight: Any, bias: Any = None) -> Any:
        width = c.shape[1]
        gates = np.dot(h, weight)
        if bias is not None:
            gates += bias
        gates += x
        g = np.tanh(gates[:, 2 * width : 3 * width])
        # σ of all four at once, in the memory of z: that of g goes unused, and costs less.
        np.negative(gates, out=gates)
        np.exp(gates, out=gates)
        gates += 1
        np.reciprocal(gates, out=gates)
        new = gates[:, width : 2 * width] * c
        new += gates[:, :width] * g
        tanh = np.tanh(new)
        self.saved = x, h, c, weight, bias, gates, g, tanh
        if bias is not None:
            self.saves = (0, 1, 2, 3, 4)
        return gates[:, 3 * width :] * tanh, new

    def backward(self, grad_h: Any, grad_c: Any) -> Any:
        assert self.saved is not None
        _, h, c, weight, bias, gates, g, tanh = self.saved
        width = c.shape[1]
        along = gates * gates
        np.subtract(gates, along, out=along)
        if grad_h is None:
            cell = grad_c
            along[:, 3 * width :] = 0
        else:
            cell = tanh * tanh
            np.subtract(1, cell, out=cell)
            cell *= gates[:, 3 * width :]
            cell *= grad_h
            if grad_c is not None:
                cell += grad_c
            part = along[:, 3 * width :]
            part *= grad_h
            part *= tanh
        part = along[:, :width]
        part *= g
        part *= cell
        part = along[:, width : 2 * width]
        part *= c
        part *= cell
        slope = g * g
        np.subtract(1, slope, out=slope)
        slope *= gates[:, :width]
        np.multiply(slope, cell, out=along[:, 2 * width : 3 * width])
        grads = (
            along,
            np.dot(along, weight.T) if self.needs(1) else None,
            cell * gates[:, width : 2 * width] if self.needs(2) else None,
            np.dot(h.T, along) if self.needs(3) else None,
        )
        return grads if bias is None else (*grads, np.add.reduce(along, 0))

    def backward_tensors(self, grad_h: Any, grad_c: Any) -> Any:
        assert self.saved is not None
        x, h, c, weight = [self.placed(self.saved[k], k) for k in range(4)]
        z = x + h.mm(weight)
        if self.saved[4] is not None:
            z = z + self.placed(self.saved[4], 4)
        i, f, g, o = apply(UnsafeSplit, z, chunks=4)
        i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
        tanh = (f * c + i * g).tanh()
        cell = 0 if grad_c is None else grad_c
        if grad_h is not None:
            cell = cell + grad_h * o * (1 - tanh * tanh)
        along_o = o * 0 if grad_h is None else grad_h * tanh * o * (1 - o)
        parts = (cell * g * i * (1 - i), cell * c * f * (1 - f), cell * i * (1 - g * g), along_o)
        along = apply(Cat, *parts, dim=1)
        grads = (along, along.mm(weight.t()), cell * f, h.t().mm(along))
        return grads if self.saved[4] is None else (*grads, along.sum(0))
