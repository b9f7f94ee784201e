"""Parameters of distributions: brought to one shape, as probabilities or as logits."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.nn import functional
from gradstep_engine.ops.unbroadcast import shape_of
from gradstep_engine.tensor import Tensor, wrap


def broadcast_all(*values: Any) -> tuple[Any, ...]:
    """Return numbers and tensors as tensors of one shape.

    Raises:
        ValueError: something is neither.
    """
    if not all(isinstance(value, (Tensor, int, float)) for value in values):
        raise ValueError(
            "Input arguments must all be instances of Number, torch.Tensor or objects implementing "
            "__torch_function__."
        )
    kinds = [value._array.dtype for value in values if isinstance(value, Tensor)]
    kind = kinds[0] if kinds else dtypes.default_numpy()
    tensors: list[Any] = [
        value if isinstance(value, Tensor) else wrap(np.array(value, kind)) for value in values
    ]
    shape = np.broadcast_shapes(*[shape_of(tensor._array) for tensor in tensors])
    return tuple([t if t._array.shape == shape else t.expand(shape) for t in tensors])


def same_kind(values: Any, shape: Any) -> Any:
    """Return zeros of `shape` and the type of `values`, to be filled."""
    return wrap(np.zeros(tuple(shape), values._array.dtype))


def clamp_probs(probs: Any) -> Any:
    """Return `probs` kept away from 0 and 1 by the smallest step of their type."""
    eps = float(np.finfo(probs._array.dtype).eps)
    return probs.clamp(min=eps, max=1 - eps)


def probs_to_logits(probs: Any, is_binary: bool = False) -> Any:
    """Return log p, or log p − log(1 − p)."""
    clamped = clamp_probs(probs)
    if is_binary:
        return clamped.log() - (-clamped).log1p()
    return clamped.log()


def logits_to_probs(logits: Any, is_binary: bool = False) -> Any:
    """Return softmax, or the sigmoid, of `logits`."""
    return logits.sigmoid() if is_binary else functional.softmax(logits, dim=-1)


def sum_rightmost(value: Any, count: int) -> Any:
    """Return the sum over the last `count` dimensions."""
    if count == 0:
        return value
    return value.sum(tuple(range(-count, 0)))
