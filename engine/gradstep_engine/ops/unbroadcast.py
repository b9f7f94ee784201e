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
    """Sum `grad`, an array or a tensor, over the axes along which `shape` was broadcast."""
    if grad.shape == shape:
        return grad
    if isinstance(grad, TensorBase):
        return _unbroadcast_tensor(grad, shape)
    if not shape:
        return np.add.reduce(grad, axis=None)
    return np.add.reduce(grad, axis=_stretched(grad.shape, shape), keepdims=True).reshape(shape)


def _stretched(grad: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the axes of `grad` along which `shape` was broadcast."""
    extra = len(grad) - len(shape)
    return tuple(range(extra)) + tuple(
        axis + extra for axis, size in enumerate(shape) if size == 1 and grad[axis + extra] != 1
    )


def _unbroadcast_tensor(grad: Any, shape: tuple[int, ...]) -> Any:
    return grad.sum(_stretched(tuple(grad.shape), shape), keepdim=True).reshape(shape)
