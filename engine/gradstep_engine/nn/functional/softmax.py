"""Softmax along one dimension, and functions made of it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradstep_engine import dtypes, randomness
from gradstep_engine.autograd.report import composite
from gradstep_engine.draws.continuous import gumbel
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.softmax import LogSoftmax, Softmax
from gradstep_engine.tensor import Tensor, wrap


def _implicit_dim(name: str, ndim: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


def _checked_dim(input: Tensor, dim: int) -> int:
    ndim = max(input._array.ndim, 1)
    if not -ndim <= dim < ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got "
            f"{dim})"
        )
    return dim


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Return e^x / Σ e^x along `dim`.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: the input is not floating point and no `dtype` is given.
    """
    chosen = _implicit_dim("softmax", input._array.ndim) if dim is None else dim
    return run(Softmax, prepared("softmax", input, dtype), dim=_checked_dim(input, chosen))


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Return x − log Σ e^x along `dim`.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: the input is not floating point and no `dtype` is given.
    """
    chosen = _implicit_dim("log_softmax", input._array.ndim) if dim is None else dim
    return run(LogSoftmax, prepared("log_softmax", input, dtype), dim=_checked_dim(input, chosen))


@composite("softmin")
def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Return softmax of −x along `dim`."""
    chosen = _implicit_dim("softmin", input._array.ndim) if dim is None else dim
    return softmax(-input, chosen, dtype=dtype)


def prepared(name: str, input: Tensor, dtype: Any = None) -> Tensor:
    """Return `input` in the type given, or as it is.

    Raises:
        NotImplementedError: it holds no floats.
    """
    if dtype is not None:
        converted: Tensor = input.to(dtype)
        return converted
    if input._array.dtype.kind != "f":
        kind = dtypes.of_numpy(input._array.dtype).cpu_type
        raise NotImplementedError(f"\"{name}_lastdim_kernel_impl\" not implemented for '{kind}'")
    return input


@composite("gumbel_softmax")
def gumbel_softmax(
    logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1
) -> Tensor:
    """Return a random point of softmax((logits + g) / tau), g drawn from Gumbel(0, 1).

    With `hard` the result is one-hot, its gradient that of the soft one (Jang et al., 2017).
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=3)
    x = logits._array
    noise = gumbel(randomness.source(None), x.shape, x.dtype)
    soft: Any = softmax((logits + wrap(noise)) / tau, dim)
    if not hard:
        return soft  # type: ignore[no-any-return]
    best = np.expand_dims(np.argmax(soft._array, axis=dim), dim)
    one_hot = np.zeros_like(soft._array)
    np.put_along_axis(one_hot, best, 1, axis=dim)
    return wrap(one_hot) - soft.detach() + soft  # type: ignore[no-any-return]
