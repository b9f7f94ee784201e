"""Tensors with a pattern: powers in steps, index pairs of triangles, given strides."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.creation import tensor
from gradstep_engine.device import check as check_device
from gradstep_engine.tensor import Tensor

__all__ = [
    "empty_strided",
    "logspace",
    "range",
    "scalar_tensor",
    "tril_indices",
    "triu_indices",
]


def _type(dtype: Any) -> np.dtype[Any]:
    return dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)


def _leaf(array: Any, requires_grad: bool) -> Tensor:
    result = wrap(array)
    return result.requires_grad_() if requires_grad else result


def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return `steps` numbers from base^start to base^end whose exponents are equally far apart."""
    check_device(device)
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    powers = np.logspace(float(start), float(end), steps, base=base)
    return _leaf(powers.astype(_type(dtype)), requires_grad)


def range(
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return start, start + step, … up to and including `end`: deprecated in torch too."""
    warnings.warn(
        "torch.range is deprecated and will be removed in a future release because its behavior "
        "is inconsistent with Python's range builtin. Instead, use torch.arange, which produces "
        "values in [start, end).",
        UserWarning,
        stacklevel=2,
    )
    check_device(device)
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = int((end - start) / step) + 1
    return _leaf((start + step * np.arange(count)).astype(_type(dtype)), requires_grad)


def _indices(name: str, row: int, col: int, part: Any, offset: int, dtype: Any) -> Tensor:
    for kind, count in (("row", row), ("col", col)):
        if count < 0:
            raise RuntimeError(f"{kind} must be non-negative, got{count}")
    wanted = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
    if wanted.kind != "i":
        raise RuntimeError(f'"{name}" not implemented for {dtype}')
    return wrap(np.stack(part(row, offset, col)).astype(wanted))


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """Return the rows and columns of the elements on and below a diagonal."""
    check_device(device)
    return _indices("tril_indices", row, col, np.tril_indices, offset, dtype)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None
) -> Tensor:
    """Return the rows and columns of the elements on and above a diagonal."""
    check_device(device)
    return _indices("triu_indices", row, col, np.triu_indices, offset, dtype)


def scalar_tensor(
    s: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a 0-d tensor, of the default type unless given."""
    wanted = dtypes.get_default_dtype() if dtype is None else dtype
    return tensor(s, dtype=wanted, device=device, requires_grad=requires_grad)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a tensor to be filled (it holds zeros) whose elements lie at given distances."""
    check_device(device)
    wanted = _type(dtype)
    needed = 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    memory = np.zeros(0 if 0 in size else needed, wanted)
    steps = [step * wanted.itemsize for step in stride]
    return _leaf(as_strided(memory, tuple(size), steps), requires_grad)
