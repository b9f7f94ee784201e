"""Functions that exist beside the methods of the same names: `torch.exp(x)` is `x.exp()`."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.function import apply
from gradstep_engine.method_functions import function_of_method
from gradstep_engine.method_names import METHODS
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

globals().update({name: function_of_method(name) for name in METHODS})


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


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return a grid of coordinates for every vector."""
    several = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    grids = np.meshgrid(*[t._array for t in several], indexing="xy" if indexing == "xy" else "ij")
    return tuple(wrap(grid) for grid in grids)


def polygamma(n: int, input: Tensor) -> Tensor:
    """Return the n-th derivative of digamma."""
    return input.polygamma(n)  # type: ignore[no-any-return]


__all__ = [
    *METHODS,
    "cdist",
    "chain_matmul",
    "cumulative_trapezoid",
    "einsum",
    "ger",
    "gradient",
    "is_tensor",
    "numel",
    "outer",
    "polygamma",
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
