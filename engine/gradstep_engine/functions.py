"""Functions that exist beside the methods of the same names: `torch.exp(x)` is `x.exp()`."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.function import apply
from gradstep_engine.method_functions import function_of_method
from gradstep_engine.ops import power, selection
from gradstep_engine.out import write as write_out
from gradstep_engine.tensor import Tensor, wrap
from gradstep_engine.tensor.arithmetic import rsub
from gradstep_engine.tensor.contractions import cdist, chain_matmul, tensordot
from gradstep_engine.tensor.differences import (
    cumulative_trapezoid,
    gradient,
    trapezoid,
    trapz,
)
from gradstep_engine.tensor.einsum import einsum
from gradstep_engine.tensor.elementary import broadcasting
from gradstep_engine.tensor.operands import given
from gradstep_engine.tensor.products import cat, ger, hstack, outer, stack, vstack
from gradstep_engine.tensor.statistics import std_mean, var_mean
from gradstep_engine.tensor.twins import IN_PLACE

_METHODS = [
    "abs",
    "absolute",
    "acos",
    "acosh",
    "add",
    "addbmm",
    "addcdiv",
    "addcmul",
    "addmm",
    "addmv",
    "addr",
    "all",
    "allclose",
    "amax",
    "amin",
    "aminmax",
    "any",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "argsort",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "baddbmm",
    "bincount",
    "bitwise_and",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "bmm",
    "broadcast_to",
    "ceil",
    "cholesky",
    "cholesky_inverse",
    "cholesky_solve",
    "chunk",
    "clamp",
    "clamp_max",
    "clamp_min",
    "clip",
    "clone",
    "copysign",
    "corrcoef",
    "cos",
    "cosh",
    "count_nonzero",
    "cov",
    "cross",
    "cummax",
    "cummin",
    "cumprod",
    "cumsum",
    "deg2rad",
    "det",
    "detach",
    "diff",
    "dist",
    "div",
    "divide",
    "dot",
    "eq",
    "equal",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "fix",
    "flatten",
    "flip",
    "float_power",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frac",
    "gather",
    "gcd",
    "ge",
    "greater",
    "greater_equal",
    "gt",
    "heaviside",
    "histc",
    "histogram",
    "hypot",
    "index_select",
    "inner",
    "inverse",
    "is_floating_point",
    "is_nonzero",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "kron",
    "kthvalue",
    "lcm",
    "ldexp",
    "le",
    "lerp",
    "less",
    "less_equal",
    "log",
    "log10",
    "log1p",
    "log2",
    "log_softmax",
    "logaddexp",
    "logaddexp2",
    "logcumsumexp",
    "logdet",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "logit",
    "logsumexp",
    "lt",
    "masked_fill",
    "masked_select",
    "matmul",
    "matrix_exp",
    "matrix_power",
    "max",
    "maximum",
    "mean",
    "median",
    "min",
    "minimum",
    "mm",
    "mode",
    "movedim",
    "msort",
    "mul",
    "multiply",
    "mv",
    "nan_to_num",
    "nanmean",
    "nanmedian",
    "nanquantile",
    "nansum",
    "narrow",
    "ne",
    "neg",
    "negative",
    "nextafter",
    "nonzero",
    "norm",
    "not_equal",
    "numel",
    "permute",
    "pinverse",
    "positive",
    "pow",
    "prod",
    "qr",
    "quantile",
    "rad2deg",
    "ravel",
    "reciprocal",
    "relu",
    "relu_",
    "remainder",
    "renorm",
    "repeat_interleave",
    "reshape",
    "roll",
    "round",
    "rsqrt",
    "scatter",
    "scatter_add",
    "select",
    "sgn",
    "sigmoid",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "slogdet",
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
    "svd",
    "swapaxes",
    "swapdims",
    "t",
    "tan",
    "tanh",
    "tile",
    "topk",
    "trace",
    "transpose",
    "tril",
    "triu",
    "true_divide",
    "trunc",
    "unbind",
    "unflatten",
    "unique",
    "unique_consecutive",
    "unsqueeze",
    "var",
    "vdot",
    "xlogy",
    *IN_PLACE,
]


globals().update({name: function_of_method(name) for name in _METHODS})


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


def pow(input: Any, exponent: Any, *, out: Any = None) -> Any:
    """Return `input` to the power of `exponent`; one of them may be a number."""
    if isinstance(input, Tensor):
        result = input.pow(exponent)
        return result if out is None else write_out("pow", out, result)
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
    "cdist",
    "chain_matmul",
    "concat",
    "concatenate",
    "cumulative_trapezoid",
    "einsum",
    "ger",
    "gradient",
    "hstack",
    "is_tensor",
    "meshgrid",
    "numel",
    "outer",
    "pow",
    "result_type",
    "rsub",
    "stack",
    "std_mean",
    "tensordot",
    "trapezoid",
    "trapz",
    "var_mean",
    "vstack",
    "where",
]
