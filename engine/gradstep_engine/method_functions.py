"""How a method of tensors becomes a function of `torch`."""

from __future__ import annotations

from typing import Any

from gradstep_engine.ops import division, elementwise, pairwise
from gradstep_engine.out import write as write_out
from gradstep_engine.tensor import Tensor
from gradstep_engine.tensor.arithmetic import binary, binary_with

# Functions whose first operand may be a number.
_REFLECTED = {
    "add": "__radd__",
    "bitwise_and": "__rand__",
    "bitwise_left_shift": "__rlshift__",
    "bitwise_or": "__ror__",
    "bitwise_right_shift": "__rrshift__",
    "bitwise_xor": "__rxor__",
    "div": "__rtruediv__",
    "floor_divide": "__rfloordiv__",
    "mul": "__rmul__",
    "remainder": "__rmod__",
    "sub": "__rsub__",
    "true_divide": "__rtruediv__",
}


_WITH_ALPHA = {"add": elementwise.Add, "sub": elementwise.Sub}


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
            try:
                result = method(*args, **kwargs)
            except TypeError as error:
                raise _counted_from_input(error, name) from None
        elif isinstance(first, (int, float)) and isinstance(args[-1], Tensor) and reflected:
            result = _reflected(name, reflected, first, args[1], kwargs)
        elif name == "xlogy" and isinstance(first, (int, float)):
            result = binary(pairwise.Xlogy, first, args[1])
        elif name == "float_power" and isinstance(first, (int, float)):
            result = float(first) ** args[1].double()
        else:
            raise TypeError(
                f"{name}(): argument 'input' (position 1) must be Tensor, "
                f"not {type(first).__name__}"
            )
        return result if out is None else write_out(name, out, result)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__
    return function


def _reflected(name: str, method: str, number: Any, tensor: Any, options: dict[str, Any]) -> Any:
    """Run a function of a number and a tensor; alpha and rounding_mode are the only options."""
    if options.get("alpha", 1) != 1:
        return binary_with(_WITH_ALPHA[name], number, tensor, alpha=options["alpha"])
    if options.get("rounding_mode") is not None:
        rounding = options["rounding_mode"]
        return binary_with(division.DivRounded, number, tensor, rounding=rounding)
    return getattr(tensor, method)(number)


def _counted_from_input(error: TypeError, name: str) -> TypeError:
    """Return a method's complaint about an argument with its position among the function's."""
    head, mark, rest = str(error).partition(" (position ")
    digits, closing, tail = rest.partition(")")
    if not (mark and closing and digits.isdigit() and head.startswith(f"{name}(): argument")):
        return error
    return TypeError(f"{head}{mark}{int(digits) + 1}{closing}{tail}")
