"""Making tensors of random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradstep_engine.dtypes as dtypes
from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.variable import TensorBase, wrap
from gradstep_engine.device import check as check_device
from gradstep_engine.draws import checks, continuous, rejection, whole
from gradstep_engine.missing import missing
from gradstep_engine.ops import reparameterized
from gradstep_engine.randomness import source
from gradstep_engine.size import Size
from gradstep_engine.tensor.operands import check_broadcast
from gradstep_engine.tensor.sampling import drawn
from gradstep_engine.tensor.shaping import sizes_of
from gradstep_engine.tensor.tensor import Tensor


def _shape(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    shape = sizes_of(sizes)
    for size in shape:
        if size < 0:
            raise RuntimeError(
                f"Trying to create tensor with negative dimension {size}: {list(shape)}"
            )
    return shape


def _type(dtype: Any) -> np.dtype[Any]:
    return dtypes.default_numpy() if dtype is None else dtypes.to_numpy(dtype)


def _ready(name: str, options: dict[str, Any]) -> bool:
    """Return `requires_grad` from the options that all functions here share.

    Raises:
        MissingFeatureError: an option is not supported.
        TypeError: there is no such option.
    """
    check_device(options.pop("device", None))
    requires_grad = bool(options.pop("requires_grad", False))
    if not options:
        return requires_grad
    for option in ("out", "layout", "memory_format", "names"):
        if options.pop(option, None) is not None:
            raise missing(f"torch.{name}({option}=...)")
    options.pop("pin_memory", None)
    if options:
        raise TypeError(f"{name}() got an unexpected keyword argument '{next(iter(options))}'")
    return requires_grad


def _finished(flat: Any, shape: tuple[int, ...], requires_grad: bool) -> Tensor:
    result = wrap(flat.reshape(shape))
    if requires_grad:
        result.requires_grad_()
    return result


def rand(*size: Any, generator: Any = None, dtype: Any = None, **options: Any) -> Tensor:
    """Return numbers drawn uniformly from [0, 1)."""
    shape = _shape((options.pop("size"),) if "size" in options else size)
    requires_grad = _ready("rand", options)
    wanted = _type(dtype)
    if wanted.kind != "f":
        checks.floating(np.empty(0, wanted), "check_uniform_bounds")
    count = Size(shape).numel()
    flat = continuous.standard_uniform(source(generator), count, wanted)
    return _finished(flat, shape, requires_grad)


def randn(*size: Any, generator: Any = None, dtype: Any = None, **options: Any) -> Tensor:
    """Return numbers drawn from the normal distribution with mean 0 and deviation 1."""
    shape = _shape((options.pop("size"),) if "size" in options else size)
    requires_grad = _ready("randn", options)
    wanted = _type(dtype)
    if wanted.kind != "f":
        checks.floating(np.empty(0, wanted), "normal_kernel_cpu")
    count = Size(shape).numel()
    flat = continuous.normal(source(generator), count, wanted, 0.0, 1.0)
    return _finished(flat, shape, requires_grad)


def randint(*bounds: Any, generator: Any = None, dtype: Any = None, **options: Any) -> Tensor:
    """Return whole numbers drawn uniformly from [low, high); `low` may be left out.

    The arguments are ([low,] high, size), by place or by name.
    """
    given = list(bounds)
    size = options.pop("size") if "size" in options else given.pop()
    high = options.pop("high") if "high" in options else given.pop()
    low = options.pop("low") if "low" in options else (given.pop() if given else 0)
    if given:
        raise TypeError("randint() received an invalid combination of arguments")
    shape, low, high = _shape((size,)), int(low), int(high)
    requires_grad = _ready("randint", options)
    wanted = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
    checks.whole_bounds("random_", low, high, wanted)
    flat = whole.whole(source(generator), Size(shape).numel(), low, high)
    return _finished(flat.astype(wanted, copy=False), shape, requires_grad)


def randperm(n: int, *, generator: Any = None, dtype: Any = None, **options: Any) -> Tensor:
    """Return the numbers 0 … n − 1 in random order."""
    requires_grad = _ready("randperm", options)
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    wanted = np.dtype(np.int64) if dtype is None else dtypes.to_numpy(dtype)
    if wanted.kind in "iu" and n - 1 > np.iinfo(wanted).max:
        raise RuntimeError(f"value cannot be converted to type {wanted.name}_t without overflow")
    order = whole.permutation(source(generator), n).astype(wanted, copy=False)
    return _finished(order, (n,), requires_grad)


def _like(input: Tensor, make: Any, dtype: Any, options: dict[str, Any], *bounds: Any) -> Tensor:
    """Draw in the shape of `input` and, as torch does, in the order of its memory."""
    options["dtype"] = input.dtype if dtype is None else dtype
    array = np.asarray(input._array)
    if array.flags.c_contiguous:
        return make(*bounds, size=array.shape, **options)  # type: ignore[no-any-return]
    requires_grad = options.pop("requires_grad", False)
    made = make(*bounds, size=(array.size,), **options)
    return _finished(
        continuous.in_order_of_memory(array, made._array), array.shape, bool(requires_grad)
    )


def rand_like(input: Tensor, *, dtype: Any = None, **options: Any) -> Tensor:
    """Return uniform numbers in the shape and type of `input`."""
    return _like(input, rand, dtype, options)


def randn_like(input: Tensor, *, dtype: Any = None, **options: Any) -> Tensor:
    """Return normal numbers in the shape and type of `input`."""
    array = np.asarray(input._array)
    if array.flags.c_contiguous:
        return _like(input, randn, dtype, options)
    stream = source(options.pop("generator", None))
    requires_grad = _ready("randn_like", options)
    wanted = _type(input.dtype if dtype is None else dtype)
    flat = continuous.normal(stream, array.size, wanted, 0.0, 1.0, dense=False)
    return _finished(continuous.in_order_of_memory(array, flat), array.shape, requires_grad)


def randint_like(
    input: Tensor, low: int, high: int | None = None, *, dtype: Any = None, **options: Any
) -> Tensor:
    """Return whole numbers from [low, high) in the shape and type of `input`."""
    low, high = (0, low) if high is None else (low, high)
    return _like(input, randint, dtype, options, low, high)


def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *, generator: Any = None, **options: Any
) -> Tensor:
    """Return normal numbers; `mean` and `std` are numbers with a size, or tensors.

    Raises:
        RuntimeError: a deviation is negative.
    """
    dtype = options.pop("dtype", None)
    requires_grad = _ready("normal", options)
    stream = source(generator)
    if size is not None:
        shape = _shape((size,))
        checks.deviation("normal", std)
        count = Size(shape).numel()
        return _finished(
            continuous.normal(stream, count, _type(dtype), mean, std), shape, requires_grad
        )
    parameters = [x for x in (mean, std) if isinstance(x, TensorBase)]
    if not parameters:
        raise TypeError("normal() received an invalid combination of arguments")
    centre, spread = (x._array if isinstance(x, TensorBase) else x for x in (mean, std))
    if np.any(np.asarray(spread) < 0):
        raise RuntimeError("normal expects all elements of std >= 0.0")
    check_broadcast(np.shape(centre), np.shape(spread))
    shape = np.broadcast_shapes(np.shape(centre), np.shape(spread))
    kind = parameters[0]._array.dtype
    values = continuous.normal(stream, Size(shape).numel(), kind, 0.0, 1.0).reshape(shape)
    number = 3 if len(parameters) == 2 else 1 if parameters[0] is mean else 2
    result = (values * spread + centre).astype(kind, copy=False)
    return drawn("normal", f"NormalBackward{number}", result, *parameters)  # type: ignore[no-any-return]


def bernoulli(input: Tensor, p: Any = None, *, generator: Any = None, **options: Any) -> Tensor:
    """Return 1 with the probability that `input` holds at each place (or with p), else 0."""
    _ready("bernoulli", options)
    return input.bernoulli(p, generator=generator)  # type: ignore[no-any-return]


def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Any = None,
    **options: Any,
) -> Tensor:
    """Return indices drawn with the weights in (each row of) `input`."""
    _ready("multinomial", options)
    return input.multinomial(num_samples, replacement, generator=generator)  # type: ignore[no-any-return]


def poisson(input: Tensor, generator: Any = None) -> Tensor:
    """Return Poisson numbers with the rate that `input` holds at each place.

    Raises:
        RuntimeError: a rate is negative.
    """
    rates = np.asarray(input._array)
    if (rates < 0).any():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    stream = source(generator)
    values = [rejection.poisson(stream, rate) for rate in rates.ravel().tolist()]
    array = np.array(values, rates.dtype).reshape(rates.shape)
    return drawn("poisson", "PoissonBackward0", array, input)  # type: ignore[no-any-return]


def binomial(count: Tensor, prob: Tensor, generator: Any = None) -> Tensor:
    """Return how many of `count` trials succeed, each with probability `prob`."""
    stream = source(generator)
    trials, chances = np.broadcast_arrays(count._array, prob._array)
    values = [
        rejection.binomial(stream, n, p)
        for n, p in zip(trials.ravel().tolist(), chances.ravel().tolist(), strict=True)
    ]
    array = np.array(values, count._array.dtype).reshape(trials.shape)
    return drawn("binomial", "BinomialBackward0", array, count, prob)  # type: ignore[no-any-return]


def _standard_gamma(input: Tensor, generator: Any = None) -> Tensor:
    """Return gamma numbers with rate 1 and the shapes in `input`, differentiable by these."""
    return apply(reparameterized.StandardGamma, input, stream=source(generator))  # type: ignore[no-any-return]


def _sample_dirichlet(input: Tensor, generator: Any = None) -> Tensor:
    """Return points of the simplex with the concentrations in the last dimension of `input`."""
    return apply(reparameterized.SampleDirichlet, input, stream=source(generator))  # type: ignore[no-any-return]
