"""The error function on arrays, which numpy lacks."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

_STEPS_PER_UNIT = 256
_LARGEST = 6  # erf(6) is 1 in float64


@lru_cache(maxsize=1)
def _table() -> tuple[Any, Any, Any]:
    nodes = np.arange(_LARGEST * _STEPS_PER_UNIT + 1) / _STEPS_PER_UNIT
    values = np.array([math.erf(node) for node in nodes])
    slopes = 2 / math.sqrt(math.pi) * np.exp(-nodes * nodes)
    return nodes, values, slopes


def erf(x: Any) -> Any:
    """Return the error function elementwise, to about 1e-14, in the dtype of `x`.

    A Taylor polynomial of degree 4 around the nearest node of a table 1/256 apart; its derivatives
    are erf' = 2/√π e^(−x²) times Hermite polynomials.
    """
    x = np.asarray(x)
    wide = np.abs(x.astype(np.float64))
    nodes, values, slopes = _table()
    magnitude = np.minimum(np.nan_to_num(wide), _LARGEST)
    index = np.rint(magnitude * _STEPS_PER_UNIT).astype(np.intp)
    node = nodes[index]
    d = magnitude - node
    square = node * node
    series = 1.0 + d * (-node + d * ((2 * square - 1) / 3 + d * ((3 - 2 * square) * node / 6)))
    result = np.copysign(values[index] + slopes[index] * d * series, x)
    result = np.where(np.isnan(wide), wide, result)
    return result.astype(x.dtype)[()]
