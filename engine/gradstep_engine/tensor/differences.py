"""Differences of neighbours and integrals from samples."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.report import composite
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.missing import missing
from gradstep_engine.ops.axes import axis_of
from gradstep_engine.tensor.joins import cat


class Differences(TensorBase):
    """The method form of `diff`."""

    def diff(self, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
        """Return the n-th differences of neighbours along `dim`."""
        return diff(self, n, dim, prepend, append)


@composite("diff")
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Return the n-th differences of neighbours along `dim`.

    Raises:
        RuntimeError: a number instead of a tensor with dimensions, or n is negative.
    """
    if input.ndim == 0:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    axis = axis_of(dim, input.ndim)
    parts = [part for part in (prepend, input, append) if part is not None]
    result = cat(parts, axis) if len(parts) > 1 else input
    for _ in range(n):
        before, after = _neighbours(result, axis)
        result = after.logical_xor(before) if after._array.dtype.kind == "b" else after - before
    return result


def _neighbours(tensor: Any, axis: int) -> tuple[Any, Any]:
    size = max(tensor.shape[axis] - 1, 0)
    return tensor.narrow(axis, 0, size), tensor.narrow(axis, tensor.shape[axis] - size, size)


@composite("trapezoid")
def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    """Return the integral of samples along `dim`, at the places `x` or `dx` apart."""
    if x is not None:
        return _strips(y, x, dx, dim).sum(dim)
    ends = y.select(dim, 0) + y.select(dim, -1)
    return (y.sum(dim) - ends * 0.5) * (1 if dx is None else dx)


@composite("cumulative_trapezoid")
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    """Return the integrals up to every sample but the first."""
    return _strips(y, x, dx, dim).cumsum(dim)


trapz = trapezoid


def _strips(y: Any, x: Any, dx: Any, dim: int) -> Any:
    if x is not None and dx is not None:
        raise RuntimeError("trapezoid: x and dx cannot both be given")
    axis = axis_of(dim, y.ndim)
    before, after = _neighbours(y, axis)
    if x is None:
        return (before + after) * ((1 if dx is None else dx) / 2)
    if x.ndim == 1:
        x = x.reshape([-1 if each == axis else 1 for each in range(y.ndim)])
        left, right = _neighbours(x, axis)
    else:
        left, right = _neighbours(x, axis_of(dim, x.ndim))
    return (right - left) * (before + after) / 2


@composite("gradient")
def gradient(input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> Any:
    """Return the derivatives along dimensions, estimated by central differences.

    Raises:
        MissingFeatureError: coordinates as spacing, or edges of second order.
    """
    if edge_order != 1 or not isinstance(spacing, (int, float)):
        raise missing("torch.gradient with edge_order=2 or coordinates as spacing")
    chosen = range(input.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    results = []
    for axis in [axis_of(each, input.ndim) for each in chosen]:
        size = input.shape[axis]
        inner = (input.narrow(axis, 2, size - 2) - input.narrow(axis, 0, size - 2)) / (2 * spacing)
        first = (input.narrow(axis, 1, 1) - input.narrow(axis, 0, 1)) / spacing
        last = (input.narrow(axis, size - 1, 1) - input.narrow(axis, size - 2, 1)) / spacing
        results.append(cat([first, inner, last], axis))
    return tuple(results)
