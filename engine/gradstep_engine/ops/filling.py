"""Ops that exist only in place: they overwrite their target."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.dtypes import of_numpy
from gradstep_engine.ops.unbroadcast import shape_of, unbroadcast


class Fill(Op):
    """The target becomes one value.  ∂/∂target = 0, ∂/∂value = Σ grad."""

    op_name = "fill_"
    node_name = "FillBackward0"
    writes = True

    def forward(self, a: Any, value: Any) -> Any:
        a[...] = value
        return a

    def backward(self, grad: Any) -> Any:
        return (
            np.zeros_like(grad) if self.needs(0) else None,
            np.add.reduce(grad, axis=None) if self.needs(1) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        return (
            wrap(np.zeros(grad.shape, grad._array.dtype)) if self.needs(0) else None,
            grad.sum() if self.needs(1) else None,
        )


class Zero(Fill):
    """The target becomes zero."""

    op_name = "zero_"
    node_name = "ZeroBackward0"


class Copy(Op):
    """The target takes over another tensor's values.  ∂/∂target = 0, ∂/∂source = grad."""

    op_name = "copy_"
    node_name = "CopyBackwards"
    writes = True

    def forward(self, a: Any, source: Any) -> Any:
        self.shape = shape_of(source)
        self.dtype = source.dtype
        if self.shape != a.shape:
            try:
                source = np.broadcast_to(source, a.shape)
            except ValueError:
                both = np.broadcast_shapes(self.shape, a.shape)
                raise RuntimeError(
                    f"output with shape {list(a.shape)} doesn't match the broadcast shape "
                    f"{list(both)}"
                ) from None
        a[...] = source
        return a

    def backward(self, grad: Any) -> Any:
        return (
            np.zeros_like(grad) if self.needs(0) else None,
            unbroadcast(grad, self.shape).astype(self.dtype) if self.needs(1) else None,
        )

    def backward_tensors(self, grad: Any) -> Any:
        along_source = None
        if self.needs(1):
            along_source = unbroadcast(grad, self.shape).to(of_numpy(self.dtype))
        zeros = wrap(np.zeros(grad.shape, grad._array.dtype)) if self.needs(0) else None
        return zeros, along_source
