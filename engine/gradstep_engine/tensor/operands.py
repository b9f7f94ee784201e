"""What users may write beside a tensor in arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.dtypes import of_numpy

PLAIN: set[type] = {float, int, bool}
"""What operators take as it is: numbers, and the classes of tensors that were defined so far."""


def operand(other: Any) -> Any:
    """Return `other` as a tensor or plain number, NotImplemented if it is neither."""
    if other.__class__ in PLAIN or isinstance(other, TensorBase):
        return other
    if isinstance(other, np.generic):
        return other.item()
    if isinstance(other, np.ndarray):
        return wrap(other.astype(of_numpy(other.dtype).numpy, copy=False))
    if isinstance(other, (int, float)):
        return float(other) if isinstance(other, float) else int(other)
    return NotImplemented


def given(other: Any, name: str, position: int = 1) -> Any:
    """Return `other` as `operand` does, for a method's argument, where no numpy array may stand.

    Raises:
        TypeError: it is neither a tensor nor a number.
    """
    value = NotImplemented if isinstance(other, np.ndarray) else operand(other)
    if value is NotImplemented:
        raise TypeError(
            f"{name}(): argument 'other' (position {position}) must be Tensor, "
            f"not {_type_name(other)}"
        )
    return value


def given_tensor(other: Any, name: str, argument: str = "other", position: int = 1) -> Any:
    """Return `other`, the argument of that name of a method, which has to be a tensor.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(other, TensorBase):
        raise TypeError(
            f"{name}(): argument '{argument}' (position {position}) must be Tensor, "
            f"not {_type_name(other)}"
        )
    return other


def _type_name(value: Any) -> str:
    return "numpy.ndarray" if isinstance(value, np.ndarray) else type(value).__name__


def check_broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    """Refuse shapes that do not broadcast, in torch's words.

    Raises:
        RuntimeError: two sizes differ and neither is 1.
    """
    for back in range(1, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and a[-back] != 1 and b[-back] != 1:
            raise RuntimeError(
                f"The size of tensor a ({a[-back]}) must match the size of tensor b ({b[-back]}) "
                f"at non-singleton dimension {max(len(a), len(b)) - back}"
            )
