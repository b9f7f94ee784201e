"""max(x, 0), which numpy takes four times as fast against an array of zeros as against a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.ops.scratch import scratch

SMALLEST = 1 << 12
"""Below this many elements the call itself costs more than what can be saved."""

BLOCK = 1 << 15
"""Elements that are taken at a time: these, the zeros and the result stay in the cache."""

_ZEROS = {np.dtype(kind): np.zeros(BLOCK, kind) for kind in (np.float32, np.float64)}


def positive_part(x: Any) -> Any:
    """Return max(x, 0) of the shape and dtype of `x`; NaN stays."""
    zeros = _ZEROS.get(x.dtype)
    if zeros is None or x.size < SMALLEST or not x.flags.c_contiguous:
        return np.maximum(x, 0)
    result = scratch(x.shape, x.dtype)
    if x.size <= BLOCK:
        return np.maximum(x, zeros[: x.size].reshape(x.shape), out=result)
    source, target = x.reshape(-1), result.reshape(-1)
    for start in range(0, x.size, BLOCK):
        part = source[start : start + BLOCK]
        np.maximum(part, zeros[: part.size], out=target[start : start + BLOCK])
    return result
