"""Random values in the graph: they do not depend on what they were drawn with."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.unbroadcast import shape_of


class Drawn(Op):
    """Values drawn with the inputs as parameters.  ∂/∂input = 0, as torch has it."""

    op_name = "drawn"
    node_name = "DrawnBackward0"
    fresh = True

    def forward(self, *inputs: Any, values: Any, shown_as: str, node_name: str) -> Any:
        self.shown_as, self.node_name = shown_as, node_name
        self.likes = tuple([(shape_of(x), x.dtype) for x in inputs])
        return values

    def backward(self, grad: Any) -> Any:
        return tuple([np.zeros(shape, dtype) for shape, dtype in self.likes])

    def backward_tensors(self, *grads: Any) -> Any:
        return tuple([wrap(zeros) for zeros in self.backward(grads)])


class Overwrite(Op):
    """The target becomes values given as an array.  ∂/∂target = 0."""

    op_name = "overwrite_"
    node_name = "OverwriteBackward0"
    writes = True

    def forward(self, a: Any, *, values: Any, shown_as: str, node_name: str) -> Any:
        self.shown_as, self.node_name = shown_as, node_name
        a[...] = values
        return a

    def backward(self, grad: Any) -> Any:
        return (np.zeros_like(grad),)

    def backward_tensors(self, *grads: Any) -> Any:
        return (grads[0] * 0,)
