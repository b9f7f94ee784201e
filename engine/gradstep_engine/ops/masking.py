"""Gradients that pass at some places only, whatever they are at the others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import wrap


def masked(grad: Any, mask: Any) -> Any:
    """Return `grad` where `mask` holds, else 0.

    Multiplying by the mask is several times faster than `np.where`, but makes NaN of an infinite
    gradient outside the mask: a sum that is not finite tells of such elements.
    """
    if math.isfinite(np.add.reduce(grad, axis=None)):
        return grad * mask
    return np.where(mask, grad, grad.dtype.type(0))[()]


def masked_tensor(grad: Any, mask: Any) -> Any:
    """Return the tensor `grad` where the array `mask` holds, else 0."""
    return grad.masked_fill(wrap(np.logical_not(mask)), 0)


def weighted(grad: Any, weight: Any) -> Any:
    """Return `grad` times `weight`, 0 where the weight is 0 even if the gradient is infinite."""
    result = grad * weight
    if math.isfinite(np.add.reduce(grad, axis=None)):
        return result
    return np.where(weight == 0, grad.dtype.type(0), result)[()]


def weighted_tensor(grad: Any, weight: Any) -> Any:
    """Return the same for a tensor `grad` and an array `weight`."""
    return masked_tensor(grad * wrap(weight), weight != 0)


def zeros_for(grad: Any) -> Any:
    """Return the gradient of what is flat: zeros, of an infinite gradient too."""
    return np.zeros(grad.shape, grad.dtype)[()]


def zero_tensor_for(grad: Any) -> Any:
    """Return the same for a tensor."""
    return wrap(zeros_for(grad._array))
