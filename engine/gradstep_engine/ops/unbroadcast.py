"""Undo broadcasting on the way back."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import TensorBase


def shape_of(x: Any) -> tuple[int, ...]:
    """Return the shape of an array; plain numbers have none."""
    shape: tuple[int, ...] = getattr(x, "shape", ())
    return shape


def unbroadcast(grad: Any, shape: tuple[int, ...]) -> Any:
    """Sum `grad`, an array or a tensor, over the axes along which an input was broadcast."""
    if grad.shape == shape:
        return grad
    recorded = isinstance(grad, TensorBase)
    if not shape:
        return grad.sum() if recorded else np.add.reduce(grad, axis=None)
    extra = grad.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        axis + extra
        for axis, size in enumerate(shape)
        if size == 1 and grad.shape[axis + extra] != 1
    )
    if recorded:
        return grad.sum(axes, keepdim=True).reshape(shape)
    return np.add.reduce(grad, axis=axes, keepdims=True).reshape(shape)
