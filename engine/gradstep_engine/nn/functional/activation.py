"""Activation functions, element by element; softmax and its kin are in `softmax.py`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine import dtypes, randomness
from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.report import composite
from gradstep_engine.draws.continuous import slopes
from gradstep_engine.nn.functional.running import run, run_inplace
from gradstep_engine.ops import activation as ops
from gradstep_engine.ops import gated
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
        return run(gated.Gelu, input)
    if approximate == "tanh":
        return run(gated.GeluTanh, input)
    raise RuntimeError("approximate argument must be either none or tanh.")


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """Return x / (1 + e^(−x))."""
    return _run(gated.Silu, input, inplace)


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


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return x · tanh(softplus(x))."""
    return _run(gated.Mish, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """Return x · relu6(x + 3) / 6."""
    return _run(gated.Hardswish, input, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """Return relu6(x + 3) / 6."""
    return _run(ops.Hardsigmoid, input, inplace)


def hardshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return x where |x| > lambd, else 0."""
    return run(ops.Hardshrink, input, lambd=lambd)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """Return x moved by lambd towards 0, 0 where |x| ≤ lambd.

    Raises:
        RuntimeError: `lambd` is negative.
    """
    if lambd < 0:
        kind = input._array.dtype
        raise RuntimeError(
            f"lambda must be in range [0, {np.finfo(kind).max:g}] for input dtype "
            f"{dtypes.of_numpy(kind).cpu_type}, but found {lambd:g}"
        )
    return run(ops.Softshrink, input, lambd=lambd)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """Return x where x > threshold, else `value`."""
    return _run(ops.Threshold, input, inplace, threshold=threshold, value=value)


def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """Return x where x > 0, else weight · x; one weight, or one for each channel (dimension 1).

    Raises:
        RuntimeError: the weight has neither one element nor one for each channel.
    """
    x, w = input._array, weight._array
    if w.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {w.ndim}"
        )
    if x.dtype != w.dtype:
        raise RuntimeError(
            "prelu: Type promoting not supported. Got "
            f"{dtypes.of_numpy(x.dtype).cpu_type} and {dtypes.of_numpy(w.dtype).cpu_type}"
        )
    if w.size != 1:
        if x.ndim == 0:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = x.shape[1] if x.ndim > 1 else 1
        if channels != w.size:
            raise RuntimeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{w.size} and channel size = {channels}."
            )
    shape = (w.size, *[1] * (x.ndim - 2)) if x.ndim > 1 else (w.size,) * x.ndim
    return _prelu(input, weight, shape)


@composite("prelu")
def _prelu(input: Tensor, weight: Tensor, shape: tuple[int, ...]) -> Tensor:
    shaped = weight if weight._array.shape == shape else weight.reshape(shape)
    return run(ops.Prelu, input, shaped)


def rrelu(
    input: Tensor,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
) -> Tensor:
    """Return x where x > 0, else x times a random slope; times the mean slope out of training."""
    x = input._array
    noise: Any = x.dtype.type((lower + upper) / 2)
    if training:
        noise = slopes(randomness.source(None), np.asarray(x), lower, upper)
    return _run(ops.RreluWithNoise, input, inplace, noise=noise)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """Return a · σ(b), with a and b the halves of the input along `dim`.

    Raises:
        RuntimeError: the input has no dimensions or an odd size along `dim`.
    """
    x = input._array
    if x.ndim == 0:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    if not -x.ndim <= dim < x.ndim:
        raise IndexError(
            f"Dimension out of range (expected to be in range of [{-x.ndim}, {x.ndim - 1}], but "
            f"got {dim})"
        )
    if x.shape[dim] % 2:
        raise RuntimeError(
            f"Halving dimension must be even, but dimension {dim % x.ndim} is size {x.shape[dim]}"
        )
    return run(gated.Glu, input, dim=dim)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Set x to ELU of x."""
    return elu(input, alpha, True)


def selu_(input: Tensor) -> Tensor:
    """Set x to SELU of x."""
    return selu(input, True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """Set x to CELU of x."""
    return celu(input, alpha, True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Set x to leaky ReLU of x."""
    return leaky_relu(input, negative_slope, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """Cut x to [min_val, max_val]."""
    return hardtanh(input, min_val, max_val, True)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """Set x to `value` where x ≤ threshold."""
    return run_inplace(ops.Threshold, input, threshold=threshold, value=value)


def rrelu_(
    input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False
) -> Tensor:
    """Set negative x to x times a random slope."""
    return rrelu(input, lower, upper, training, True)
