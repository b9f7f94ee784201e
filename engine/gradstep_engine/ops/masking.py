"""Gradients that pass at some places only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def masked(grad: Any, mask: Any) -> Any:
    """Return `grad` where `mask` holds, else 0.

    Multiplying by the mask is several times faster than `np.where`, but makes NaN of an infinite
    gradient outside the mask: a sum that is not finite tells of such elements.
    """
    if math.isfinite(np.add.reduce(grad, axis=None)):
        return grad * mask
    return np.where(mask, grad, grad.dtype.type(0))[()]
