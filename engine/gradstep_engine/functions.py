"""Functions that exist beside the methods of the same names: `torch.exp(x)` is `x.exp()`."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.function import apply
from gradstep_engine.ops import power, selection
from gradstep_engine.out import into, refuse_gradients
from gradstep_engine.tensor import Tensor, wrap
from gradstep_engine.tensor.elementary import broadcasting
from gradstep_engine.tensor.operands import given
from gradstep_engine.tensor.products import einsum, outer
from gradstep_engine.tensor.splitting import repeat_interleave

_METHODS = [
    "abs",
    "absolute",
    "acos",
    "add",
    "addcdiv",
    "addcmul",
    "addmm",
    "adjoint",
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
    "argwhere",
    "as_strided",
    "as_strided_",
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
    "unique_consecutive",
    "unsafe_chunk",
    "unsafe_split",
    "unsafe_split_with_sizes",
    "chunk",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "clone",
    "conj",
    "conj_physical",
    "cos",
    "cosh",
    "cumsum",
    "detach",
    "detach_",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_scatter",
    "div",
    "divide",
    "dot",
    "dsplit",
    "eq",
    "equal",
    "exp",
    "exp2",
    "expm1",
    "fill_",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "floor",
    "floor_divide",
    "gather",
    "ge",
    "get_device",
    "greater",
    "greater_equal",
    "gt",
    "hsplit",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_put_",
    "index_select",
    "inner",
    "is_complex",
    "is_conj",
    "is_floating_point",
    "is_inference",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_signed",
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
    "masked_scatter",
    "masked_select",
    "matmul",
    "max",
    "maximum",
    "mean",
    "median",
    "min",
    "minimum",
    "mm",
    "moveaxis",
    "movedim",
    "msort",
    "mul",
    "multiply",
    "mv",
    "narrow",
    "narrow_copy",
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
    "put",
    "ravel",
    "reciprocal",
    "relu",
    "relu_",
    "remainder",
    "reshape",
    "resize_as_",
    "resolve_conj",
    "resolve_neg",
    "roll",
    "rot90",
    "round",
    "rsqrt",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "select",
    "select_scatter",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "slice_scatter",
    "softmax",
    "sort",
    "split",
    "split_with_sizes",
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
    "take",
    "take_along_dim",
    "tan",
    "tanh",
    "tensor_split",
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
    "vsplit",
    "zero_",
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
            out = kwargs.pop("out")
            if out is not None:
                refuse_gradients(name, args)
            return into(out, method(*args, **kwargs), name)
        return method(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = method.__doc__
    return function


globals().update({name: _function(name) for name in _METHODS})


def where(condition: Tensor, input: Any = None, other: Any = None) -> Any:
    """Return `input` where `condition` holds, else `other`; alone, the places where it holds.

    Raises:
        RuntimeError: the condition is not boolean (or uint8).
    """
    if input is None and other is None:
        return condition.nonzero(as_tuple=True)
    kind = condition._array.dtype
    if kind.kind != "b":
        if kind != np.uint8:
            raise RuntimeError(
                "where expected condition to be a boolean tensor, but got a tensor with dtype "
                f"{dtypes.of_numpy(kind).cpu_type}"
            )
        condition = condition.bool()
    chosen, rest = given(input, "where", 2), given(other, "where", 3)
    both = isinstance(chosen, Tensor) and isinstance(rest, Tensor)
    if both and chosen._array.dtype == rest._array.dtype:
        return broadcasting(selection.Where, condition, chosen, rest)
    operands = tuple(x._array if isinstance(x, Tensor) else x for x in (chosen, rest))
    common = dtypes.result_numpy(operands)
    chosen, rest = (_as_type(x, common) for x in (chosen, rest))
    return broadcasting(selection.Where, condition, chosen, rest)


def _as_type(operand: Any, common: Any) -> Any:
    if isinstance(operand, Tensor):
        same = operand._array.dtype == common
        return operand if same else operand.to(dtypes.of_numpy(common))
    return wrap(common.type(operand))


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


__all__ = [
    *_METHODS,
    "einsum",
    "is_tensor",
    "numel",
    "outer",
    "pow",
    "repeat_interleave",
    "result_type",
    "where",
]
