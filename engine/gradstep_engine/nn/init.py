"""Filling parameters with initial values, in place; every function returns its tensor.

Nothing here is recorded for backward or reported op by op: the listener hears of one write.
"""

from __future__ import annotations

import functools
import math
import warnings
from typing import Any

import numpy as np

from gradstep_engine import events
from gradstep_engine.draws import checks, continuous, whole
from gradstep_engine.emission import Emission
from gradstep_engine.missing import lacking
from gradstep_engine.randomness import source
from gradstep_engine.tensor import Tensor

_ROOT = math.sqrt(2.0)


def _fill(tensor: Tensor, values: Any) -> Tensor:
    tensor._writable()[...] = values
    tensor._bump()
    if events.listener is not None and Emission.nodes is None:
        events.listener(events.Written(tensor, "init"))
    return tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Tensor:
    """Fill from the uniform distribution on [a, b)."""
    array = tensor._writable()
    checks.floating(array, "check_uniform_bounds")
    checks.bounds("uniform_", a, b)
    flat = continuous.uniform(source(generator), array.size, array.dtype, a, b)
    return _fill(tensor, continuous.in_order_of_memory(array, flat))


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Tensor:
    """Fill from the normal distribution."""
    array = tensor._writable()
    checks.deviation("normal", std)
    checks.floating(array, "normal_kernel_cpu")
    return _fill(tensor, continuous.normal_like(source(generator), array, mean, std))


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Any = None,
) -> Tensor:
    """Fill from the normal distribution cut to [a, b], by rejection.

    Values outside are drawn again; where that would take long, uniform values are kept with a
    chance in the proportion of the density.
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    array, stream = tensor._writable(), source(generator)
    inside = (math.erf((b - mean) / std / _ROOT) - math.erf((a - mean) / std / _ROOT)) / 2
    if inside <= 0.3:
        return _fill(tensor, _by_density(stream, array, mean, std, a, b))
    low, high = array.dtype.type(a), array.dtype.type(b)
    values = continuous.normal_like(stream, array, mean, std)
    outside = (values < low) | (values > high)
    while outside.any():
        values = np.where(outside, continuous.normal_like(stream, array, mean, std), values)
        outside = (values < low) | (values > high)
    return _fill(tensor, values)


def _by_density(stream: Any, array: Any, mean: float, std: float, a: float, b: float) -> Any:
    """Return uniform values on [a, b], each kept with a chance of density / greatest density."""
    peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
    values, pending = np.empty_like(array), np.ones(array.shape, bool)
    while pending.any():
        draws = [
            continuous.in_order_of_memory(
                array, continuous.uniform(stream, array.size, array.dtype, low, high)
            )
            for low, high in ((a, b), (0.0, 1.0))
        ]
        values = np.where(pending, draws[0], values)
        density = ((draws[0] - mean) / std) ** 2 * -0.5 - peak
        with np.errstate(divide="ignore"):
            pending &= np.log(draws[1]) > density
    return values


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with `val`."""
    return _fill(tensor, val)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return _fill(tensor, 1)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return _fill(tensor, 0)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with the identity.

    Raises:
        ValueError: the tensor has not two dimensions.
    """
    if tensor._array.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    return _fill(tensor, np.eye(*tensor._array.shape))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the weight of a convolution so that each group passes its input on.

    Raises:
        ValueError: the tensor has not three to five dimensions, or `groups` does not divide it.
    """
    shape = tensor._array.shape
    if len(shape) not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    values = np.zeros(shape, tensor._array.dtype)
    each = shape[0] // groups
    centre = tuple(size // 2 for size in shape[2:])
    for group in range(groups):
        for channel in range(min(each, shape[1])):
            values[(group * each + channel, channel, *centre)] = 1
    return _fill(tensor, values)


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the recommended gain for a nonlinearity (PyTorch's table).

    Raises:
        ValueError: the nonlinearity is unknown.
    """
    constant = {"tanh": 5.0 / 3, "relu": math.sqrt(2.0), "selu": 3.0 / 4}
    if nonlinearity in constant:
        return constant[nonlinearity]
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2.0 / (1 + slope**2))
    linear = {"linear", "sigmoid"} | {
        f"conv{transposed}{n}d" for transposed in ("", "_transpose") for n in (1, 2, 3)
    }
    if nonlinearity in linear:
        return 1.0
    raise ValueError(f"Unsupported nonlinearity {nonlinearity}")


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Return how many inputs feed one output of a weight and how many outputs one input feeds.

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    shape = tensor._array.shape
    if len(shape) < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill uniformly on ±gain √(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    bound = gain * math.sqrt(6.0 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Tensor:
    """Fill normally with deviation gain √(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010)."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)), generator)


def _kaiming_deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    modes = ("fan_in", "fan_out")
    if mode.lower() not in modes:
        raise ValueError(f"Mode {mode} not supported, please use one of {list(modes)}")
    fan = _calculate_fan_in_and_fan_out(tensor)[modes.index(mode.lower())]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Fill uniformly on ±gain √(3 / fan) (He et al., 2015); `a` is the negative slope."""
    if 0 in tensor._array.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    bound = math.sqrt(3.0) * _kaiming_deviation(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Any = None,
) -> Tensor:
    """Fill normally with deviation gain / √fan (He et al., 2015); `a` is the negative slope."""
    if 0 in tensor._array.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=2)
        return tensor
    return normal_(tensor, 0.0, _kaiming_deviation(tensor, a, mode, nonlinearity), generator)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Tensor:
    """Fill with a (semi-)orthogonal matrix of the rows (Saxe et al., 2013).

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    shape = tensor._array.shape
    if len(shape) < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    rows, columns = shape[0], math.prod(shape[1:])
    stream = source(generator)
    flat = continuous.normal(stream, rows * columns, tensor._array.dtype, 0.0, 1.0)
    matrix = flat.reshape(rows, columns)
    q, r = np.linalg.qr(matrix.T if rows < columns else matrix)
    q = q * np.sign(np.diag(r))  # makes the distribution uniform
    return _fill(tensor, gain * (q.T if rows < columns else q).reshape(shape))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Tensor:
    """Fill a matrix normally and set the fraction `sparsity` of every column to zero.

    Raises:
        ValueError: the tensor has not two dimensions.
    """
    if tensor._array.ndim != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    rows, columns = tensor._array.shape
    zeros = math.ceil(sparsity * rows)
    stream = source(generator)
    values = continuous.normal_like(stream, tensor._writable(), 0.0, std)
    for column in range(columns):
        values[whole.permutation(stream, rows)[:zeros], column] = 0
    return _fill(tensor, values)


def _deprecated(name: str) -> Any:
    """Return the old function without the underscore, which warns and fills all the same."""
    fill = globals()[f"{name}_"]

    @functools.wraps(fill)
    def function(*args: Any, **kwargs: Any) -> Any:
        warnings.warn(
            f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`.",
            FutureWarning,
            stacklevel=2,
        )
        return fill(*args, **kwargs)

    function.__name__ = function.__qualname__ = name
    return function


uniform = _deprecated("uniform")
normal = _deprecated("normal")
constant = _deprecated("constant")
eye = _deprecated("eye")
dirac = _deprecated("dirac")
xavier_uniform = _deprecated("xavier_uniform")
xavier_normal = _deprecated("xavier_normal")
kaiming_uniform = _deprecated("kaiming_uniform")
kaiming_normal = _deprecated("kaiming_normal")
orthogonal = _deprecated("orthogonal")
sparse = _deprecated("sparse")


__getattr__ = lacking("torch.nn.init")
