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
from gradstep_engine.tensor.products import ger, outer
from gradstep_engine.tensor.splitting import repeat_interleave
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
    "adjoint",
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
    "argwhere",
    "as_strided",
    "as_strided_",
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
    "conj",
    "conj_physical",
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
    "detach_",
    "diag",
    "diag_embed",
    "diagflat",
    "diagonal",
    "diagonal_scatter",
    "diff",
    "dist",
    "div",
    "divide",
    "dot",
    "dsplit",
    "eq",
    "equal",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "fill_",
    "fix",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
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
    "get_device",
    "greater",
    "greater_equal",
    "gt",
    "heaviside",
    "histc",
    "histogram",
    "hsplit",
    "hypot",
    "index_add",
    "index_copy",
    "index_fill",
    "index_put",
    "index_put_",
    "index_select",
    "inner",
    "inverse",
    "is_complex",
    "is_conj",
    "is_floating_point",
    "is_inference",
    "is_neg",
    "is_nonzero",
    "is_same_size",
    "is_signed",
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
    "masked_scatter",
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
    "moveaxis",
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
    "narrow_copy",
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
    "put",
    "qr",
    "quantile",
    "rad2deg",
    "ravel",
    "reciprocal",
    "relu",
    "relu_",
    "remainder",
    "renorm",
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
    "sgn",
    "sigmoid",
    "sign",
    "signbit",
    "sin",
    "sinc",
    "sinh",
    "slice_scatter",
    "slogdet",
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
    "svd",
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
    "unsafe_chunk",
    "unsafe_split",
    "unsafe_split_with_sizes",
    "unsqueeze",
    "var",
    "vdot",
    "vsplit",
    "xlogy",
    "zero_",
    *IN_PLACE,
]


globals().update({name: function_of_method(name) for name in _METHODS})


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


__all__ = [
    *_METHODS,
    "cdist",
    "chain_matmul",
    "cumulative_trapezoid",
    "einsum",
    "ger",
    "gradient",
    "is_tensor",
    "numel",
    "outer",
    "pow",
    "result_type",
    "repeat_interleave",
    "rsub",
    "std_mean",
    "tensordot",
    "trapezoid",
    "trapz",
    "var_mean",
    "where",
]
