"""What convolutions refuse, in PyTorch's words."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from gradstep_engine import dtypes
from gradstep_engine.nn.functional.names import c_name
from gradstep_engine.ops.correlation import Sizes, Steps
from gradstep_engine.tensor import Tensor


def steps_of(
    axes: int,
    input: Tensor,
    weight: Tensor,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
    transposed: bool = False,
) -> Steps:
    """Return how the kernel moves, one number for each axis.

    Raises:
        RuntimeError: the numbers make no sense or do not fit the axes.
    """
    name = f"conv_transpose{axes}d" if transposed else f"conv{axes}d"
    if input._array.ndim != axes + 2:
        raise RuntimeError(
            f"Expected {axes + 1}D (unbatched) or {axes + 2}D (batched) input to {name}, but got "
            f"input of size: {list(input._array.shape)}"
        )
    if weight._array.ndim != axes + 2:
        raise RuntimeError(
            f"Expected {axes + 2}-dimensional weight for {axes + 2}-dimensional input "
            f"{list(input._array.shape)}, but got weight of size {list(weight._array.shape)}"
        )
    return _steps(axes, _hashable(stride), _hashable(padding), _hashable(dilation), groups)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@lru_cache(maxsize=256)
def _steps(axes: int, stride: Any, padding: Any, dilation: Any, groups: int) -> Steps:
    steps = Steps(
        _sizes("stride", stride, axes),
        _sizes("padding", padding, axes),
        _sizes("dilation", dilation, axes),
        groups,
    )
    if min(steps.padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(steps.stride) <= 0:
        raise RuntimeError("non-positive stride is not supported")
    if min(steps.dilation) <= 0:
        raise RuntimeError(f"dilation should be greater than zero, but got {list(steps.dilation)}")
    if groups <= 0:
        raise RuntimeError("non-positive groups is not supported")
    return steps


def _sizes(name: str, value: Any, axes: int) -> Sizes:
    if isinstance(value, (tuple, list)):
        if len(value) == axes:
            return tuple([int(each) for each in value])
        if len(value) != 1:
            raise RuntimeError(
                f"expected {name} to be a single integer value or a list of {axes} values to "
                f"match the convolution dimensions, but got {name}={list(value)}"
            )
        value = value[0]
    return (int(value),) * axes


def check_convolution(
    axes: int, input: Tensor, weight: Tensor, bias: Tensor | None, steps: Steps
) -> None:
    """Raise RuntimeError where shapes or dtypes do not fit together."""
    x, w, groups = input._array, weight._array, steps.groups
    _check_groups(w, groups)
    if x.shape[1] != w.shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(w.shape)}, expected "
            f"input{list(x.shape)} to have {w.shape[1] * groups} channels, but got {x.shape[1]} "
            "channels instead"
        )
    if bias is not None and bias._array.shape != (w.shape[0],):
        _refuse_bias(f"weight of size {list(w.shape)}", w.shape[0], bias)
    _check_dtypes(input, weight, bias)
    padded = [n + 2 * p for n, p in zip(x.shape[2:], steps.padding, strict=True)]
    spans = [d * (k - 1) + 1 for d, k in zip(steps.dilation, w.shape[2:], strict=True)]
    if any(size < span for size, span in zip(padded, spans, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({_by(padded)}). Kernel size: "
            f"({_by(spans)}). Kernel size can't be greater than actual input size"
        )


def check_transposed(
    axes: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    steps: Steps,
    output_padding: Any,
) -> tuple[Sizes, Sizes]:
    """Return the output padding for each axis and the size of the result.

    Raises:
        RuntimeError: shapes or dtypes do not fit together.
    """
    x, w = input._array, weight._array
    further = _sizes("output_padding", output_padding, axes)
    if min(further) < 0:
        raise RuntimeError("negative output_padding is not supported")
    _check_groups(w, steps.groups)
    if x.shape[1] != w.shape[0]:
        raise RuntimeError(
            f"Given transposed=1, weight of size {list(w.shape)}, expected input{list(x.shape)} "
            f"to have {w.shape[0]} channels, but got {x.shape[1]} channels instead"
        )
    if bias is not None and bias._array.shape != (w.shape[1] * steps.groups,):
        what = f"transposed=1, weight of size {list(w.shape)}"
        _refuse_bias(what, w.shape[1] * steps.groups, bias)
    _check_dtypes(input, weight, bias)
    _check_further(further, steps)
    size = tuple(
        (n - 1) * s - 2 * p + d * (k - 1) + more + 1
        for n, s, p, d, k, more in zip(
            x.shape[2:],
            steps.stride,
            steps.padding,
            steps.dilation,
            w.shape[2:],
            further,
            strict=True,
        )
    )
    if min(size) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({_by(x.shape[2:])}). Calculated output size per "
            f"channel: ({_by(size)}). Output size is too small"
        )
    return further, size


def _check_further(further: Sizes, steps: Steps) -> None:
    axes = zip(further, steps.stride, steps.dilation, strict=True)
    if all(more < max(step, spread) for more, step, spread in axes):
        return
    names = ("depth", "height", "width")[3 - len(further) :]
    shown = " ".join(
        f"{what}_{name}: {number}"
        for what, numbers in (
            ("output_padding", further),
            ("stride", steps.stride),
            ("dilation", steps.dilation),
        )
        for name, number in zip(names, numbers, strict=True)
    )
    raise RuntimeError(
        f"output padding must be smaller than either stride or dilation, but got {shown}"
    )


def _check_groups(weight: Any, groups: int) -> None:
    if weight.shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, "
            f"but got weight of size [{list(weight.shape)}] instead"
        )


def _refuse_bias(what: str, count: int, bias: Tensor) -> None:
    raise RuntimeError(
        f"Given {what}, expected bias to be 1-dimensional with {count} elements, but got bias of "
        f"size {list(bias._array.shape)} instead"
    )


def _check_dtypes(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    x, w = input._array, weight._array
    if bias is None and x.dtype != w.dtype:
        found, wanted = (dtypes.of_numpy(each.dtype).cpu_type for each in (w, x))
        raise RuntimeError(f"expected scalar type {wanted} but found {found}")
    if bias is not None and x.dtype != bias._array.dtype:
        raise RuntimeError(
            f"Input type ({c_name(x.dtype)}) and bias type ({c_name(bias._array.dtype)}) should "
            "be the same"
        )
    if x.dtype != w.dtype:
        raise RuntimeError(
            f"Input type ({c_name(x.dtype)}) and weight type ({c_name(w.dtype)}) should be the same"
        )


def _by(sizes: Any) -> str:
    return " x ".join(map(str, sizes))
