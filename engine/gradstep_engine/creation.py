"""Making tensors: from data, filled, in steps."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.device import check as check_device
from gradstep_engine.emission import cut
from gradstep_engine.tensor.shaping import sizes_of
from gradstep_engine.tensor.tensor import Tensor


def _finished(array: Any, requires_grad: bool = False) -> Tensor:
    if not requires_grad:
        return wrap(array)
    if array.dtype.kind != "f":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    result = wrap(array)
    result._requires_grad = True
    return result


def _type(dtype: Any) -> np.dtype[Any]:
    return dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return a new leaf with a copy of `data`: numbers, nested lists, numpy arrays, tensors.

    Raises:
        ValueError: lists of different lengths.
        RuntimeError: `requires_grad` on elements that are no floats.
    """
    check_device(device)
    if isinstance(data, TensorBase):
        result = _finished(_array_of(data._array, dtype), requires_grad)
        cut("tensor", data, result)
        return result
    return _finished(_array_of(_plain(data), dtype), requires_grad)


def _plain(data: Any) -> Any:
    """Return nested lists with any tensors in them as plain numbers."""
    if isinstance(data, TensorBase):
        return data._array
    if isinstance(data, (list, tuple)) and any(
        isinstance(item, (list, tuple, TensorBase)) for item in data
    ):
        return [_plain(item) for item in data]
    return data


def _array_of(data: Any, dtype: Any) -> np.ndarray[Any, Any]:
    if isinstance(data, (np.ndarray, np.generic)):
        dtypes.of_numpy(data.dtype)
        return np.array(data, dtype=None if dtype is None else dtypes.to_numpy(dtype), order="C")
    try:
        array = np.array(data)
    except ValueError:
        raise _ragged(data) from None
    if array.dtype.kind == "U":
        raise ValueError("too many dimensions 'str'")
    if array.dtype.kind not in "fiub":
        raise RuntimeError(f"Could not infer dtype of {type(data).__name__}")
    if dtype is not None:
        return array.astype(dtypes.to_numpy(dtype))
    holds_numpy = _first(data).__class__ not in (float, int, bool)
    if array.dtype.kind == "f" and not (holds_numpy and array.size):
        return array.astype(dtypes.default_numpy())
    return array


def _first(data: Any) -> Any:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def _ragged(data: Any, depth: int = 0) -> ValueError:
    lengths = [len(item) if isinstance(item, (list, tuple)) else 0 for item in data]
    for length in lengths:
        if length != lengths[0]:
            return ValueError(
                f"expected sequence of length {lengths[0]} at dim {depth + 1} (got {length})"
            )
    return _ragged(data[0], depth + 1)


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return `data` as a tensor; tensors and numpy arrays are not copied if the type fits."""
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray):
        result = from_numpy(data)
        return result if dtype is None else result.to(dtype)
    return tensor(data, dtype=dtype)


def from_numpy(ndarray: Any) -> Tensor:
    """Return a tensor on the memory of a numpy array.

    Raises:
        TypeError: it is no numpy array, or its type has no counterpart.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.of_numpy(ndarray.dtype)
    return wrap(ndarray)


def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros."""
    check_device(device)
    return _finished(np.zeros(sizes_of(size), _type(dtype)), requires_grad)


def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones."""
    check_device(device)
    return _finished(np.ones(sizes_of(size), _type(dtype)), requires_grad)


def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor to be filled; it holds zeros, so that runs can be repeated."""
    return zeros(*size, dtype=dtype, device=device, requires_grad=requires_grad)


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return one value everywhere; its type is that of the value unless given."""
    check_device(device)
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    if dtype is None:
        dtype = dtypes.get_default_dtype() if isinstance(value, float) else type(value)
    return _finished(np.full(sizes_of((size,)), value, dtypes.to_numpy(dtype)), requires_grad)


def _like(make: Any, input: Tensor, dtype: Any, requires_grad: bool) -> Tensor:
    return make(  # type: ignore[no-any-return]
        input._array.shape, dtype=dtype or input.dtype, requires_grad=requires_grad
    )


def zeros_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return zeros in the shape and type of `input`."""
    return _like(zeros, input, dtype, requires_grad)


def ones_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return ones in the shape and type of `input`."""
    return _like(ones, input, dtype, requires_grad)


empty_like = zeros_like


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return one value everywhere, in the shape and type of `input`."""
    return full(
        input._array.shape, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad
    )


def arange(
    start: Any,
    end: Any = None,
    step: Any = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return start, start + step, … before `end`; whole numbers unless a float is given."""
    check_device(device)
    if end is None:
        start, end = 0, start
    start, end, step = (x.item() if isinstance(x, Tensor) else x for x in (start, end, step))
    floats = any(isinstance(x, float) for x in (start, end, step))
    found = dtypes.default_numpy() if floats else np.dtype(np.int64)
    wanted = found if dtype is None else dtypes.to_numpy(dtype)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = int(np.ceil((end - start) / step))
    return _finished((start + step * np.arange(count)).astype(wanted), requires_grad)


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
    ends = float(start), float(end)
    if wanted.kind != "f" or steps < 2:
        return _finished(np.linspace(*ends, steps).astype(wanted), requires_grad)
    # As torch does: each half counts from its own end, in the result's own precision.
    step = wanted.type((wanted.type(ends[1]) - wanted.type(ends[0])) / wanted.type(steps - 1))
    counts = np.arange(steps).astype(wanted)
    lower = wanted.type(ends[0]) + step * counts
    upper = wanted.type(ends[1]) - step * counts[::-1]
    return _finished(np.where(np.arange(steps) < steps // 2, lower, upper), requires_grad)


def logspace(start: float, end: float, steps: int, base: float = 10.0, **options: Any) -> Tensor:
    """Return `steps` numbers from base^start to base^end whose exponents are equally far apart."""
    array = np.logspace(start, end, steps, base=base).astype(_type(options.pop("dtype", None)))
    return _finished(array, bool(options.get("requires_grad")))


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
    return _finished(np.eye(n, m, dtype=_type(dtype)), requires_grad)
