"""Limits that are tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


class ClampTensors(Op):
    """a limited to [low, high], each None or a tensor; the gradient goes to what was chosen.

    Where a equals a limit it goes to a; where low > high, high wins; where one is NaN, nobody.
    """

    op_name = "clamp"
    node_name = "ClampBackward0"
    promotes = True
    fresh = True

    def forward(self, a: Any, low: Any, high: Any) -> Any:
        self.shapes = tuple(shape_of(x) for x in (a, low, high))
        result = a if low is None else np.maximum(a, low)
        result = result if high is None else np.minimum(result, high)
        if self.edges:
            ones = np.ones(result.shape, bool)
            below, above = ones & False, ones & False
            inside = ones
            if low is not None:
                inside, below = inside & (a >= low), ones & (a < low)
            if high is not None:
                inside, above = inside & (a <= high), ones & (a > high)
            if low is not None and high is not None:
                below, above = below & (low < high), above | (low > high)
            self.saved = (inside, below, above)
        return result

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return tuple(
            unbroadcast(np.where(chosen, grad, grad.dtype.type(0)), shape) if needed else None
            for chosen, shape, needed in zip(self.saved, self.shapes, self._wanted(), strict=True)
        )

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        return tuple(
            unbroadcast(grad.masked_fill(wrap(~chosen), 0), shape) if needed else None
            for chosen, shape, needed in zip(self.saved, self.shapes, self._wanted(), strict=True)
        )

    def _wanted(self) -> tuple[bool, ...]:
        return tuple(self.needs(i) for i in range(3))
