"""`out=`: results written into a tensor that the caller gives."""

from __future__ import annotations

import warnings
from typing import Any

from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.dtypes import category, of_numpy
from gradstep_engine.emission import written


def refuse_gradients(name: str, inputs: tuple[Any, ...]) -> None:
    """Refuse to write results of inputs that require grad: nothing would record it.

    Raises:
        RuntimeError: an input requires grad.
    """
    if not GradMode.enabled:
        return
    for given in inputs:
        several = given if isinstance(given, (tuple, list)) else (given,)
        if any(isinstance(x, TensorBase) and x.requires_grad for x in several):
            raise RuntimeError(
                f"{name}(): functions with out=... arguments don't support automatic "
                "differentiation, but one of the arguments requires grad."
            )


def into(out: Any, result: Any, name: str) -> Any:
    """Write `result`, a tensor or several, into `out` and return that; None leaves it as it is.

    An `out` of another shape is resized, with a warning unless it was empty.

    Raises:
        RuntimeError: the type of the result does not fit.
    """
    if out is None:
        return result
    if isinstance(result, tuple):
        for each, made in zip(out, result, strict=True):
            into(each, made, name)
        return out
    array = result._array
    if category(array.dtype) > category(out._array.dtype):
        raise RuntimeError(
            f"result type {of_numpy(array.dtype).cpu_type} can't be cast to the desired output "
            f"type {of_numpy(out._array.dtype).cpu_type}"
        )
    if out._array.shape != array.shape:
        if out._array.size:
            warnings.warn(
                "An output with one or more elements was resized since it had shape "
                f"{list(out._array.shape)}, which does not match the required output shape "
                f"{list(array.shape)}. This behavior is deprecated, and in a future PyTorch "
                "release outputs will not be resized unless they have zero elements. You can "
                "explicitly reuse an out tensor t by resizing it, inplace, to zero elements with "
                "t.resize_(0).",
                UserWarning,
                stacklevel=4,
            )
        out._array = array.astype(out._array.dtype)
    else:
        out._writable()[...] = array
    out._bump()
    written(out, name)
    return out


def write(name: str, out: Any, result: Any) -> Any:
    """Write `result`, a tensor or several, into `out`; return what the function would.

    Raises:
        RuntimeError: a gradient would be needed, or the type of `out` cannot hold the result.
    """
    several = result if isinstance(result, tuple) else (result,)
    refuse_gradients(name, (*several, *(out if isinstance(out, (tuple, list)) else (out,))))
    into(out, result, name)
    if not isinstance(result, tuple):
        return out
    return type(result)(*out) if hasattr(result, "_fields") else tuple(out)
