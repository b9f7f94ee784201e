"""Limiting gradients, in place."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from types import GeneratorType
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.missing import lacking
from gradstep_engine.tensor import Tensor, wrap

_EPSILON = 1e-6  # torch adds it to the norm before dividing


def _with_grad(parameters: Any) -> list[Tensor]:
    several = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not several and isinstance(parameters, GeneratorType):
        warnings.warn(
            "`parameters` is an empty generator, no gradient clipping will occur.", stacklevel=3
        )
    return [parameter for parameter in several if parameter._grad is not None]


def _norm(arrays: list[Any], norm_type: float) -> Any:
    """Return the norm of all `arrays` as if they were one vector."""
    if not arrays:
        return np.float32(0)
    if math.isinf(norm_type):
        extremum = np.maximum if norm_type > 0 else np.minimum
        return extremum.reduce([extremum.reduce(np.abs(array), axis=None) for array in arrays])
    if norm_type == 2.0:
        flat = (np.ravel(array) for array in arrays)
        norms = np.array([np.sqrt(np.dot(each, each)) for each in flat])
        return np.sqrt(np.dot(norms, norms))
    norms = np.array([np.linalg.norm(np.ravel(array), norm_type) for array in arrays])
    return np.linalg.norm(norms, norm_type)


def get_total_norm(
    tensors: Any,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Return the norm of all elements of `tensors`.

    Raises:
        RuntimeError: it is not finite and `error_if_nonfinite` is set.
    """
    several = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    total = _norm([tensor._array for tensor in several], float(norm_type))
    if error_if_nonfinite and not np.isfinite(total):
        raise RuntimeError(
            f"The total norm of order {float(norm_type)} for gradients from `parameters` is "
            "non-finite, so it cannot be clipped. To disable this error and scale the gradients "
            "by the non-finite norm anyway, set `error_if_nonfinite=False`"
        )
    return wrap(total)


def clip_grads_with_norm_(
    parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None
) -> None:
    """Scale all gradients by max_norm / total_norm where `total_norm` exceeds `max_norm`."""
    _scale(_with_grad(parameters), float(max_norm), total_norm)


def _scale(clipped: list[Tensor], limit: float, norm: Tensor) -> None:
    """Scale the gradients and tell the listener."""
    # As torch: a factor of at least one changes nothing, one that is NaN spoils all gradients.
    factor = np.minimum(limit / (norm._array + _EPSILON), 1)
    for parameter in clipped:
        grad = parameter._grad
        if grad is not None:
            array = grad._writable()
            np.multiply(array, factor.astype(array.dtype), out=array)
            grad._bump()
    _announce("norm", clipped, float(norm._array), limit)


def clip_grad_norm_(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scale all gradients by max_norm / norm where their total norm exceeds `max_norm`.

    Returns:
        The total norm before.

    Raises:
        RuntimeError: the norm is not finite and `error_if_nonfinite` is set.
    """
    clipped = _with_grad(parameters)
    grads = [parameter._grad for parameter in clipped if parameter._grad is not None]
    norm = get_total_norm(grads, norm_type, error_if_nonfinite)
    _scale(clipped, float(max_norm), norm)
    return norm


def clip_grad_norm(
    parameters: Any,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Do the same as `clip_grad_norm_`, whose deprecated name this is."""
    warnings.warn(
        "`torch.nn.utils.clip_grad_norm` is now deprecated in favor of "
        "`torch.nn.utils.clip_grad_norm_`.",
        FutureWarning,
        stacklevel=2,
    )
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Cut every element of every gradient to ±clip_value."""
    clipped = _with_grad(parameters)
    limit = float(clip_value)
    for parameter in clipped:
        grad = parameter._grad
        if grad is not None:
            array = grad._writable()
            np.clip(array, -limit, limit, out=array)
            grad._bump()
    _announce("value", clipped, None, limit)


def _announce(how: str, parameters: Iterable[Tensor], norm: float | None, limit: float) -> None:
    listener = events.listener
    if listener is not None:
        listener(events.Clipped(how, tuple(parameters), norm, limit))


__getattr__ = lacking("torch.nn.utils.clip_grad")
