"""The old constructors by type: `torch.FloatTensor([1, 2])`, `torch.LongTensor(3)`."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.tensor import Tensor

__all__ = [f"{each.cpu_type}Tensor" for each in dtypes.ALL]


class _Typed(type):
    """Makes `isinstance(x, torch.FloatTensor)` ask for the type of the elements."""

    dtype: dtypes.dtype

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, TensorBase) and instance._array.dtype == cls.dtype.numpy

    def __repr__(cls) -> str:
        return f"<class 'torch.{cls.__name__}'>"


def made(arguments: tuple[Any, ...], wanted: np.dtype[Any]) -> Any:
    """Return the array of an old constructor: from sizes one by one, or from data.

    Raises:
        TypeError: the data is neither a sequence nor a tensor of this type.
    """
    if len(arguments) == 1 and not isinstance(arguments[0], int):
        (data,) = arguments
        if isinstance(data, TensorBase):
            return data._array
        if type(data).__name__ == "Size":
            return np.zeros(data, wanted)
        if isinstance(data, (list, tuple, range, np.ndarray)):
            from gradstep_engine.creation import tensor

            return tensor(list(data) if isinstance(data, range) else data)._array.astype(wanted)
        raise TypeError(f"new(): data must be a sequence (got {type(data).__name__})")
    return np.zeros(arguments or (0,), wanted)


def _constructor(each: dtypes.dtype) -> Any:
    def new(cls: Any, *arguments: Any) -> Tensor:
        given = arguments[0] if len(arguments) == 1 else None
        if isinstance(given, TensorBase) and given._array.dtype != each.numpy:
            kind = dtypes.of_numpy(given._array.dtype).cpu_type
            raise TypeError(f"expected {each.cpu_type} (got {kind})")
        return wrap(made(arguments, each.numpy))

    name = f"{each.cpu_type}Tensor"
    doc = f"Make a tensor of {each!r} from sizes (zeros) or from a sequence."
    return _Typed(name, (), {"__new__": new, "__doc__": doc, "dtype": each})


globals().update({f"{each.cpu_type}Tensor": _constructor(each) for each in dtypes.ALL})
