"""How a method of tensors becomes a function of `torch`."""

from __future__ import annotations

from typing import Any

from gradstep_engine.ops import pairwise
from gradstep_engine.out import write as write_out
from gradstep_engine.tensor import Tensor
from gradstep_engine.tensor.arithmetic import binary

# Functions whose first operand may be a number.
_REFLECTED = {
    "add": "__radd__",
    "div": "__rtruediv__",
    "floor_divide": "__rfloordiv__",
    "mul": "__rmul__",
    "remainder": "__rmod__",
    "sub": "__rsub__",
    "true_divide": "__rtruediv__",
}


def function_of_method(name: str) -> Any:
    """Return the function `torch.name` that calls the method; it also takes `out=`."""
    method = getattr(Tensor, name)
    reflected = _REFLECTED.get(name)

    def function(*args: Any, **kwargs: Any) -> Any:
        if not args:
            if "input" not in kwargs:
                raise TypeError(f'{name}() missing 1 required positional arguments: "input"')
            args = (kwargs.pop("input"),)
        out = kwargs.pop("out", None) if "out" in kwargs else None
        first = args[0]
        if isinstance(first, Tensor):
            result = method(*args, **kwargs)
        elif reflected and isinstance(first, (int, float)) and isinstance(args[-1], Tensor):
            result = getattr(args[1], reflected)(first)
        elif name == "xlogy" and isinstance(first, (int, float)):
            result = binary(pairwise.Xlogy, first, args[1])
        else:
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, "
                f"not {type(first).__name__}"
            )
        return result if out is None else write_out(name, out, result)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__
    return function
