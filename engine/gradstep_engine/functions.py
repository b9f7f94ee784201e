"""Functions that exist beside the methods of the same names: `torch.exp(x)` is `x.exp()`."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.function import apply
from gradstep_engine.missing import missing
from gradstep_engine.ops import power, selection
from gradstep_engine.tensor import Tensor, wrap
from gradstep_engine.tensor.elementary import broadcasting
from gradstep_engine.tensor.operands import given
from gradstep_engine.tensor.products import cat, einsum, hstack, outer, stack, vstack

_METHODS = [
    "abs",
    "absolute",
    "acos",
    "add",
    "addcdiv",
    "addcmul",
    "addmm",
    "all",
    "allclose",
    "amax",
    "amin",
    "any",
    "arccos",
    "arcsin",
    "arctan",
    "argmax",
    "argmin",
    "argsort",
    "asin",
    "atan",
    "atan2",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "bmm",
    "broadcast_to",
    "ceil",
    "count_nonzero",
    "isclose",
    "unique",
    "chunk",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "clone",
    "cos",
    "cosh",
    "cumsum",
    "detach",
    "div",
    "divide",
    "dot",
    "eq",
    "equal",
    "exp",
    "exp2",
    "expm1",
    "flatten",
    "flip",
    "floor",
    "floor_divide",
    "gather",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "index_select",
    "inner",
    "is_floating_point",
    "isfinite",
    "isinf",
    "isnan",
    "le",
    "lerp",
    "less",
    "less_equal",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logsumexp",
    "lt",
    "masked_fill",
    "masked_select",
    "matmul",
    "max",
    "maximum",
    "mean",
    "median",
    "min",
    "minimum",
    "mm",
    "movedim",
    "mul",
    "multiply",
    "mv",
    "narrow",
    "ne",
    "neg",
    "negative",
    "nonzero",
    "norm",
    "not_equal",
    "numel",
    "permute",
    "pow",
    "prod",
    "ravel",
    "reciprocal",
    "relu",
    "relu_",
    "remainder",
    "repeat_interleave",
    "reshape",
    "roll",
    "round",
    "rsqrt",
    "scatter",
    "scatter_add",
    "select",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "softmax",
    "sort",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "std",
    "sub",
    "subtract",
    "sum",
    "swapaxes",
    "swapdims",
    "t",
    "tan",
    "tanh",
    "tile",
    "topk",
    "transpose",
    "tril",
    "triu",
    "true_divide",
    "trunc",
    "unbind",
    "unflatten",
    "unsqueeze",
    "var",
]


def _function(name: str) -> Any:
    method = getattr(Tensor, name)

    def function(*args: Any, **kwargs: Any) -> Any:
        if not args and "input" in kwargs:
            args = (kwargs.pop("input"),)
        if not args or not isinstance(args[0], Tensor):
            kind = type(args[0]).__name__ if args else "nothing"
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {kind}")
        if "out" in kwargs:
            raise missing(f"torch.{name}(out=...)")
        return method(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__
    return function


globals().update({name: _function(name) for name in _METHODS})


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Return `input` where `condition` holds, else `other`; alone, the places where it holds."""
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    chosen, rest = given(input, "where", 2), given(other, "where", 3)
    if not isinstance(chosen, Tensor) and not isinstance(rest, Tensor):
        kind = dtypes.result_numpy((chosen, rest))
        chosen = wrap(kind.type(chosen))
    return broadcasting(selection.Where, condition, chosen, rest)


def is_tensor(obj: Any) -> bool:
    """Return whether `obj` is a tensor."""
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> int:
    """Return the number of elements."""
    return input.numel()


def pow(input: Any, exponent: Any) -> Any:
    """Return `input` to the power of `exponent`; one of them may be a number."""
    if isinstance(input, Tensor):
        return input.pow(exponent)
    return apply(power.ScalarPow, input, exponent)


def result_type(tensor1: Any, tensor2: Any) -> dtypes.dtype:
    """Return the type that arithmetic on the two would have."""
    found = tuple(x._array if isinstance(x, Tensor) else x for x in (tensor1, tensor2))
    return dtypes.of_numpy(dtypes.result_numpy(found))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return a grid of coordinates for every vector."""
    several = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    grids = np.meshgrid(*[t._array for t in several], indexing="xy" if indexing == "xy" else "ij")
    return tuple(wrap(grid) for grid in grids)


concat = concatenate = cat

__all__ = [
    *_METHODS,
    "cat",
    "concat",
    "concatenate",
    "einsum",
    "hstack",
    "is_tensor",
    "meshgrid",
    "numel",
    "outer",
    "pow",
    "result_type",
    "stack",
    "vstack",
    "where",
]
