"""Linear maps as functions."""

from __future__ import annotations

from gradstep_engine import dtypes
from gradstep_engine.nn.functional.names import c_name
from gradstep_engine.nn.functional.running import run
from gradstep_engine.ops.linear import Bilinear, Linear
from gradstep_engine.size import Size
from gradstep_engine.tensor import Tensor


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return input · weightᵀ + bias: (..., in), (out, in), (out) to (..., out).

    Raises:
        RuntimeError: shapes or dtypes do not fit together.
    """
    x, w = input._array, weight._array
    if w.ndim != 2 or x.ndim == 0 or x.shape[-1] != w.shape[1] or x.dtype != w.dtype:
        _refuse(input, weight, bias is not None)
    if bias is None:
        return run(Linear, input, weight)
    if bias._array.shape != (w.shape[0],):
        _refuse_bias(input, weight, bias)
    return run(Linear, input, weight, bias)


def _refuse(input: Tensor, weight: Tensor, biased: bool) -> None:
    x, w = input._array, weight._array
    if w.ndim == 1 and x.ndim:
        raise RuntimeError(
            f"size mismatch, got input ({x.size // x.shape[-1]}), mat "
            f"({x.size // x.shape[-1]}x{x.shape[-1]}), vec ({w.shape[0]})"
        )
    if w.ndim != 2 or x.ndim == 0:
        raise RuntimeError(
            f"linear(): needs an input of at least 1 dimension and a weight of 2, got "
            f"{Size(x.shape)} and {Size(w.shape)}"
        )
    if x.shape[-1] != w.shape[1]:
        rows = x.size // x.shape[-1] if x.shape[-1] else 0
        raise RuntimeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x.shape[-1]} and "
            f"{w.shape[1]}x{w.shape[0]})"
        )
    found, wanted = dtypes.of_numpy(x.dtype).cpu_type, dtypes.of_numpy(w.dtype).cpu_type
    if not biased:
        raise RuntimeError(
            "expected m1 and m2 to have the same dtype, but got: "
            f"{c_name(x.dtype)} != {c_name(w.dtype)}"
        )
    raise RuntimeError(f"mat1 and mat2 must have the same dtype, but got {found} and {wanted}")


def _refuse_bias(input: Tensor, weight: Tensor, bias: Tensor) -> None:
    rows = [*input._array.shape[:-1], weight._array.shape[0]]
    raise RuntimeError(
        f"The expanded size of the tensor ({rows[-1]}) must match the existing size "
        f"({bias._array.shape[-1] if bias._array.ndim else 0}) at non-singleton dimension "
        f"{len(rows) - 1}.  Target sizes: {rows}.  Tensor sizes: {list(bias._array.shape)}"
    )


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return x₁ᵀ W_o x₂ + b_o: (..., in1), (..., in2), (out, in1, in2), (out) to (..., out)."""
    inputs = (input1, input2, weight) if bias is None else (input1, input2, weight, bias)
    return run(Bilinear, *inputs)
