"""Memory for parameters and buffers before they get their first values."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine import dtypes
from gradstep_engine.device import check as check_device
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.tensor import Tensor, wrap


def _numpy_dtype(dtype: Any) -> np.dtype[Any]:
    return dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)


def empty_parameter(shape: tuple[int, ...], device: Any = None, dtype: Any = None) -> Parameter:
    """Return a parameter to be initialised, zero until then."""
    check_device(device)
    return Parameter(wrap(np.zeros(shape, dtype=_numpy_dtype(dtype))))


def filled(shape: tuple[int, ...], value: float, device: Any = None, dtype: Any = None) -> Tensor:
    """Return a tensor full of `value`, for a buffer."""
    check_device(device)
    return wrap(np.full(shape, value, dtype=_numpy_dtype(dtype)))
