"""Activation functions."""

from __future__ import annotations

import warnings
from typing import Any

from gradstep_engine import dtypes
from gradstep_engine.autograd.function import Op, composite
from gradstep_engine.nn.functional.running import run, run_inplace
from gradstep_engine.ops import activation as ops
from gradstep_engine.tensor import Tensor


def _run(op: type[Op], input: Tensor, inplace: bool, **attributes: Any) -> Tensor:
    """Run `op`; with `inplace` write the result into `input` and return that."""
    if inplace:
        return run_inplace(op, input, **attributes)
    return run(op, input, **attributes)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return max(0, x)."""
    return _run(ops.Relu, input, inplace)


def relu_(input: Tensor) -> Tensor:
    """Set x to max(0, x)."""
    return _run(ops.Relu, input, True)


def tanh(input: Tensor) -> Tensor:
    """Return tanh x."""
    return run(ops.Tanh, input)


def sigmoid(input: Tensor) -> Tensor:
    """Return 1 / (1 + e^(−x))."""
    return run(ops.Sigmoid, input)


def logsigmoid(input: Tensor) -> Tensor:
    """Return log(1 / (1 + e^(−x)))."""
    return run(ops.LogSigmoid, input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """Return x where x > 0, else negative_slope · x."""
    return _run(ops.LeakyRelu, input, inplace, negative_slope=negative_slope)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return x where x > 0, else alpha · (e^x − 1)."""
    return _run(ops.Elu, input, inplace, alpha=alpha)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """Return x where x > 0, else alpha · (e^(x / alpha) − 1)."""
    return _run(ops.Celu, input, inplace, alpha=alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return the self-normalising ELU."""
    return _run(ops.Selu, input, inplace)


def gelu(input: Tensor, approximate: str = "none") -> Tensor:
    """Return x Φ(x), exactly or by its tanh approximation.

    Raises:
        RuntimeError: `approximate` is neither 'none' nor 'tanh'.
    """
    if approximate == "none":
        return run(ops.Gelu, input)
    if approximate == "tanh":
        return run(ops.GeluTanh, input)
    raise RuntimeError("approximate argument must be either none or tanh.")


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return x / (1 + e^(−x))."""
    return _run(ops.Silu, input, inplace)


def softplus(input: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """Return log(1 + e^(beta x)) / beta, x itself where beta x > threshold."""
    return run(ops.Softplus, input, beta=beta, threshold=threshold)


def hardtanh(
    input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False
) -> Tensor:
    """Return x cut to [min_val, max_val]."""
    return _run(ops.Hardtanh, input, inplace, min_val=min_val, max_val=max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """Return x cut to [0, 6]."""
    return _run(ops.Relu6, input, inplace, min_val=0.0, max_val=6.0)


@composite("softsign")
def softsign(input: Tensor) -> Tensor:
    """Return x / (1 + |x|)."""
    result: Tensor = input / (input.abs() + 1)
    return result


@composite("tanhshrink")
def tanhshrink(input: Tensor) -> Tensor:
    """Return x − tanh x."""
    result: Tensor = input - tanh(input)
    return result


def _implicit_dim(name: str, ndim: int) -> int:
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.",
        stacklevel=3,
    )
    return 0 if ndim in (0, 1, 3) else 1


def _checked_dim(input: Tensor, dim: int) -> int:
    ndim = max(input._array.ndim, 1)
    if not -ndim <= dim < ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-ndim}, {ndim - 1}], but got "
            f"{dim})"
        )
    return dim


def softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Return e^x / Σ e^x along `dim`.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: the input is not floating point and no `dtype` is given.
    """
    chosen = _implicit_dim("softmax", input._array.ndim) if dim is None else dim
    return run(ops.Softmax, _prepared("softmax", input, dtype), dim=_checked_dim(input, chosen))


def log_softmax(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Return x − log Σ e^x along `dim`.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: the input is not floating point and no `dtype` is given.
    """
    chosen = _implicit_dim("log_softmax", input._array.ndim) if dim is None else dim
    return run(
        ops.LogSoftmax, _prepared("log_softmax", input, dtype), dim=_checked_dim(input, chosen)
    )


def softmin(
    input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None
) -> Tensor:
    """Return softmax of −x along `dim`."""
    chosen = _implicit_dim("softmin", input._array.ndim) if dim is None else dim
    return softmax(-input, chosen, dtype=dtype)


def _prepared(name: str, input: Tensor, dtype: Any) -> Tensor:
    if dtype is not None:
        converted: Tensor = input.to(dtype)
        return converted
    if input._array.dtype.kind != "f":
        kind = dtypes.of_numpy(input._array.dtype).cpu_type
        raise RuntimeError(f"\"{name}_lastdim_kernel_impl\" not implemented for '{kind}'")
    return input
