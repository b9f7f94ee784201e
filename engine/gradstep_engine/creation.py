"""Making tensors: from data, filled, in steps, at random."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.device import check as check_device
from gradstep_engine.emission import came_back, cut
from gradstep_engine.literals import array_of, check_array, plain
from gradstep_engine.missing import missing
from gradstep_engine.out import into
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


_COPY = (
    "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
    "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
)


def tensor(
    data: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Return a new leaf with a copy of `data`: numbers, nested lists, numpy arrays, tensors.

    Raises:
        ValueError: lists of different lengths.
        TypeError: text.
        RuntimeError: what is no number; `requires_grad` on elements that are no floats.
    """
    check_device(device)
    if isinstance(data, TensorBase):
        warnings.warn(_COPY, UserWarning, stacklevel=2)
        result = _finished(array_of(data._array, dtype), requires_grad)
        cut("tensor", data, result)
        return result
    result = _finished(array_of(plain(data), dtype), requires_grad)
    came_back(data, result)
    return result


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """Return `data` as a tensor; tensors and numpy arrays are not copied if the type fits."""
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray):
        result = from_numpy(data)
        return result if dtype is None else result.to(dtype)
    return tensor(data, dtype=dtype)


def asarray(
    obj: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    copy: bool | None = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return `obj` as a tensor, on the same memory unless `copy` or another type is wanted.

    Raises:
        ValueError: `copy=False` where a copy cannot be avoided.
    """
    found = as_tensor(obj, dtype, device)
    shared = isinstance(obj, (Tensor, np.ndarray)) and np.may_share_memory(
        found._array, getattr(obj, "_array", obj)
    )
    if copy is False and not shared:
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    if copy and shared:
        found = found.clone()
    if isinstance(obj, Tensor):
        return found
    return found.requires_grad_() if requires_grad else found


def from_numpy(ndarray: Any) -> Tensor:
    """Return a tensor on the memory of a numpy array.

    Raises:
        TypeError: it is no numpy array, or its type has no counterpart.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    check_array(ndarray)
    if not ndarray.flags.writeable:
        warnings.warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable "
            "tensors. This means writing to this tensor will result in undefined behavior. You "
            "may want to copy the array to protect its data or make it writable before converting "
            "it to a tensor.",
            UserWarning,
            stacklevel=2,
        )
    result = wrap(ndarray)
    came_back(ndarray, result)
    return result


def _shape(name: str, size: tuple[Any, ...], options: dict[str, Any]) -> tuple[int, ...]:
    """Return the sizes given; check what is accepted only because torch has it."""
    if options:
        if "size" in options:
            size = (options.pop("size"),)
        for key, value in options.items():
            if key not in ("layout", "memory_format", "names", "pin_memory"):
                raise TypeError(f"{name}() got an unexpected keyword argument '{key}'")
            if value and (key == "names" or str(value) == "torch.sparse_coo"):
                raise missing(f"torch.{name}({key}=...)")
    if not size:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    if isinstance(size[0], float):
        raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not float")
    shape = sizes_of(size)
    if any(each < 0 for each in shape):
        raise RuntimeError(f"{name}: Dimension size must be non-negative.")
    return shape


def zeros(
    *size: Any,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **options: Any,
) -> Tensor:
    """Return zeros; sizes one by one or as a tuple."""
    check_device(device)
    shape = _shape("zeros", size, options)
    return into(out, _finished(np.zeros(shape, _type(dtype)), requires_grad), "zeros")  # type: ignore[no-any-return]


def ones(
    *size: Any,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **options: Any,
) -> Tensor:
    """Return ones; sizes one by one or as a tuple."""
    check_device(device)
    shape = _shape("ones", size, options)
    return into(out, _finished(np.ones(shape, _type(dtype)), requires_grad), "ones")  # type: ignore[no-any-return]


def empty(
    *size: Any,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **options: Any,
) -> Tensor:
    """Return a tensor to be filled; it holds zeros, so that runs can be repeated."""
    check_device(device)
    shape = _shape("empty", size, options)
    return into(out, _finished(np.zeros(shape, _type(dtype)), requires_grad), "empty")  # type: ignore[no-any-return]


def full(
    size: Any,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Any = None,
    **options: Any,
) -> Tensor:
    """Return one value everywhere; its type is that of the value unless given."""
    check_device(device)
    if not isinstance(size, (tuple, list)):
        raise TypeError(
            f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}"
        )
    shape = _shape("full", (size,), options)
    value = fill_value.item() if isinstance(fill_value, Tensor) else fill_value
    if dtype is None:
        dtype = dtypes.get_default_dtype() if isinstance(value, float) else type(value)
    made = _finished(np.full(shape, value, dtypes.to_numpy(dtype)), requires_grad)
    return into(out, made, "full")  # type: ignore[no-any-return]


def _like(make: Any, input: Tensor, dtype: Any, requires_grad: bool) -> Tensor:
    if not isinstance(input, Tensor):
        raise TypeError(
            f"{make.__name__}_like(): argument 'input' (position 1) must be Tensor, not "
            f"{type(input).__name__}"
        )
    return make(  # type: ignore[no-any-return]
        input._array.shape, dtype=dtype or input.dtype, requires_grad=requires_grad
    )


def zeros_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    memory_format: Any = None,
) -> Tensor:
    """Return zeros in the shape and type of `input`."""
    check_device(device)
    return _like(zeros, input, dtype, requires_grad)


def ones_like(
    input: Tensor,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    memory_format: Any = None,
) -> Tensor:
    """Return ones in the shape and type of `input`."""
    check_device(device)
    return _like(ones, input, dtype, requires_grad)


empty_like = zeros_like


def full_like(
    input: Tensor,
    fill_value: Any,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    layout: Any = None,
    memory_format: Any = None,
) -> Tensor:
    """Return one value everywhere, in the shape and type of `input`."""
    check_device(device)
    return full(
        input._array.shape, fill_value, dtype=dtype or input.dtype, requires_grad=requires_grad
    )
