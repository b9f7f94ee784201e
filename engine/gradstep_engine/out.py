"""The `out=` argument of functions: the result goes into tensors that the caller has."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.dtypes import category, of_numpy


def write(name: str, out: Any, result: Any) -> Any:
    """Write `result`, a tensor or several, into `out`, which is resized where it does not fit.

    Raises:
        RuntimeError: a gradient would be needed, or the type of `out` cannot hold the result.
    """
    if isinstance(result, tuple):
        written = [write(name, each, part) for each, part in zip(out, result, strict=True)]
        return type(result)(*written) if hasattr(result, "_fields") else tuple(written)
    if GradMode.enabled and (out.requires_grad or result.requires_grad):
        raise RuntimeError(
            f"{name}(): functions with out=... arguments don't support automatic differentiation, "
            "but one of the arguments requires grad."
        )
    wanted, found = out._array.dtype, result._array.dtype
    if category(found) > category(wanted):
        raise RuntimeError(
            f"result type {of_numpy(found).cpu_type} can't be cast to the desired output type "
            f"{of_numpy(wanted).cpu_type}"
        )
    if out.shape != result.shape:
        _resize(out, result.shape)
    return out.copy_(result)


def _resize(out: TensorBase, shape: tuple[int, ...]) -> None:
    if out._array.size:
        warnings.warn(
            "An output with one or more elements was resized since it had shape "
            f"{list(out._array.shape)}, which does not match the required output shape "
            f"{list(shape)}. This behavior is deprecated, and in a future PyTorch release outputs "
            "will not be resized unless they have zero elements. You can explicitly reuse an out "
            "tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
            UserWarning,
            stacklevel=4,
        )
    out._array = np.zeros(shape, out._array.dtype)
