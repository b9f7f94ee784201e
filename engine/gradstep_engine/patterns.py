"""Tensors with a pattern: numbers in steps, diagonals, index pairs of triangles."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.creation import tensor
from gradstep_engine.device import check as check_device
from gradstep_engine.out import into
from gradstep_engine.tensor import Tensor

__all__ = [
    "arange",
    "empty_strided",
    "eye",
    "frombuffer",
    "linspace",
    "logspace",
    "range",
    "scalar_tensor",
    "tril_indices",
    "triu_indices",
]


def _type(dtype: Any) -> np.dtype[Any]:
    return dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)


def _leaf(array: Any, requires_grad: bool) -> Tensor:
    if requires_grad and array.dtype.kind != "f":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    result = wrap(array)
    return result.requires_grad_() if requires_grad else result


def arange(
    *bounds: Any,
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
) -> Tensor:
    """Return start, start + step, … before `end`; whole numbers unless a float is given.

    `arange(end)`, `arange(start, end)` or `arange(start, end, step)`.

    Raises:
        RuntimeError: the step is zero, or leads away from the end.
    """
    check_device(device)
    if len(bounds) == 1 and end is None:
        (end,) = bounds
    elif bounds:
        start, *rest = bounds
        end, step = (rest + ([end] if end is not None else []) + [step])[:2]
    start, end, step = (_number(x) for x in (start, end, step))
    floats = any(isinstance(x, float) for x in (start, end, step))
    found = dtypes.default_numpy() if floats else np.dtype(np.int64)
    wanted = found if dtype is None else dtypes.to_numpy(dtype)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = int(np.ceil((end - start) / step))
    made = _leaf((start + step * np.arange(count)).astype(wanted), requires_grad)
    return into(out, made, "arange")  # type: ignore[no-any-return]


def _number(x: Any) -> Any:
    return x.item() if isinstance(x, (Tensor, np.generic)) else x


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return `steps` numbers from `start` to `end`, both included, equally far apart."""
    check_device(device)
    wanted = _type(dtype)
    for bound in (start, end):
        if isinstance(bound, Tensor) and bound._array.ndim:
            ranks = [x._array.ndim if isinstance(x, Tensor) else 0 for x in (start, end)]
            raise RuntimeError(
                "linspace only supports 0-dimensional start and end tensors, but got start with "
                f"{ranks[0]} dimension(s) and end with {ranks[1]} dimension(s)."
            )
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    ends = float(_number(start)), float(_number(end))
    if wanted.kind != "f" or steps < 2:
        return _leaf(np.linspace(*ends, steps).astype(wanted), requires_grad)
    # As torch does: each half counts from its own end, in the result's own precision.
    step = wanted.type((wanted.type(ends[1]) - wanted.type(ends[0])) / wanted.type(steps - 1))
    counts = np.arange(steps).astype(wanted)
    lower = wanted.type(ends[0]) + step * counts
    upper = wanted.type(ends[1]) - step * counts[::-1]
    return _leaf(np.where(np.arange(steps) < steps // 2, lower, upper), requires_grad)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a matrix with ones on the diagonal."""
    check_device(device)
    for name, count in (("n", n), ("m", m)):
        if count is not None and count < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {count}")
    return _leaf(np.eye(n, m, dtype=_type(dtype)), requires_grad)


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


def frombuffer(
    buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False
) -> Tensor:
    """Return a tensor on the bytes of an object such as a bytearray."""
    array = np.frombuffer(buffer, dtypes.to_numpy(dtype), count, offset)
    return _leaf(array, requires_grad)
