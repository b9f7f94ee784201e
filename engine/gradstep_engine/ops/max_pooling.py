"""Maximum pooling, one axis after the other, the last one first.

Each pass looks at the shifted, strided views of its input, one per place in the window. A window of
k·k elements needs 2 k views so, and of equal elements the first in memory order is taken still.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.scratch import scratch

Windows = tuple[Any, ...]
"""`AxisWindows` or `EvenWindows` for each of the last axes."""


class _Places:
    """What all passes over such windows along an axis share."""

    __slots__ = ("disjoint", "selectors", "whole")

    def __init__(self, windows: Any, axis: int) -> None:
        rest = (slice(None),) * (-axis - 1)
        self.selectors = [(..., selector, *rest) for selector in windows.selectors()]
        views = all(isinstance(selector[1], slice) for selector in self.selectors)
        self.disjoint = windows.disjoint and views
        # Whether every element lies in exactly one window.
        self.whole = self.disjoint and len(self.selectors) * windows.out == windows.reach


_places_of = lru_cache(maxsize=256)(_Places)


class _Pass:
    """The maximum along one axis, and what its derivative needs."""

    __slots__ = ("largest", "places", "source")

    def __init__(self, x: Any, windows: Any, axis: int) -> None:
        self.source = x
        self.places = _places_of(windows, axis)
        first, *others = self.places.selectors
        if not others:
            self.largest = x[first].copy()
            return
        start = x[first]
        self.largest = scratch(start.shape, x.dtype)
        np.maximum(start, x[others[0]], out=self.largest)
        for selector in others[1:]:
            np.maximum(self.largest, x[selector], out=self.largest)

    def hits(self) -> Iterator[tuple[Any, Any]]:
        """Yield for each place in the window where the first largest element lies there.

        Of a window without any such element (it holds NaN) the last place is taken.
        """
        selectors = self.places.selectors
        if len(selectors) == 2:
            first, second = selectors
            hit = self.source[first] >= self.source[second]
            yield first, hit
            yield second, ~hit
            return
        left: Any = None
        for selector in selectors[:-1]:
            hit = self.source[selector] == self.largest
            if left is None:
                left = ~hit
            else:
                hit &= left
                left ^= hit
            yield selector, hit
        if left is None:
            left = np.ones(self.largest.shape, dtype=bool)
        yield selectors[-1], left

    @property
    def reads_largest(self) -> bool:
        """Whether `hits` needs the result as it was."""
        return len(self.places.selectors) > 2

    def back(self, grad: Any, exact: bool) -> Any:
        """Return `grad` at the largest elements, zero elsewhere."""
        result = scratch(self.source.shape, grad.dtype)
        disjoint = self.places.disjoint
        if not (exact and self.places.whole):
            result.fill(0)
        for selector, hit in self.hits():
            # A product with the mask is fastest, but would make NaN of an infinity outside it.
            if not exact:
                share = np.where(hit, grad, grad.dtype.type(0))
            elif disjoint:
                np.multiply(grad, hit, out=result[selector])
                continue
            else:
                share = grad * hit
            if _is_view(selector):
                result[selector] += share
            else:
                np.add.at(result, selector, share)
        return result

    def chosen(self, places: Any) -> Any:
        """Return those of `places`, shaped like the input, that the largest elements have."""
        result = np.empty(self.largest.shape, places.dtype)
        for selector, hit in self.hits():
            np.copyto(result, places[selector], where=hit)
        return result


def _is_view(selector: tuple[Any, ...]) -> bool:
    return isinstance(selector[1], slice)


class MaxPool(Op):
    """The largest element of each window.  ∂/∂x = grad at the first largest element, else 0."""

    saves = (0,)
    fresh = True

    def forward(self, x: Any, *, windows: Windows, name: str, node_name: str) -> Any:
        self.shown_as, self.node_name = name, node_name
        self.windows = windows
        passes = self._passes(x)
        if not self.edges:
            return passes[-1].largest
        self.saved = (x, passes)
        last = passes[-1]
        # The result may be written over before backward.
        return last.largest.copy() if last.reads_largest else last.largest

    def _passes(self, x: Any) -> list[_Pass]:
        array = padded(x, self.windows, lowest(x.dtype))
        passes = []
        for axis, windows in zip(range(-1, -x.ndim, -1), reversed(self.windows), strict=False):
            step = _Pass(array, windows, axis)
            array = step.largest
            passes.append(step)
        return passes

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        exact = math.isfinite(np.add.reduce(grad, axis=None))
        for step in reversed(self.saved[1]):
            grad = step.back(grad, exact)
        return inner(grad, self.windows)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        shape = self.saved[0].shape
        kept = len(shape) - len(self.windows)
        index = self._places(self.saved[1], shape).reshape(*shape[:kept], -1)
        flat = wrap(np.zeros((*shape[:kept], math.prod(shape[kept:])), grad._array.dtype))
        values = grad.reshape(index.shape)
        return flat.scatter_add(kept, wrap(index), values).reshape(shape)

    def indices(self, x: Any) -> Any:
        """Return for each result the flat place in its input plane, as PyTorch counts them."""
        return self._places(self._passes(x), x.shape)

    def _places(self, passes: list[_Pass], shape: tuple[int, ...]) -> Any:
        size = shape[len(shape) - len(self.windows) :]
        plane = np.arange(math.prod(size)).reshape(size)
        places = padded(np.broadcast_to(plane, shape), self.windows, 0)
        for step in passes:
            places = step.chosen(places)
        return places


def lowest(dtype: Any) -> Any:
    """Return what is smaller than every element."""
    return -np.inf if dtype.kind == "f" else np.iinfo(dtype).min


def padded(x: Any, windows: Windows, value: float) -> Any:
    """Return `x` in an array as large as the windows reach, filled with `value`."""
    reach = [each.reach for each in windows]
    kept = x.ndim - len(windows)
    if reach == list(x.shape[kept:]):
        return x
    larger = scratch((*x.shape[:kept], *reach), x.dtype)
    larger.fill(value)
    inner(larger, windows)[...] = x
    return larger


def inner(larger: Any, windows: Windows) -> Any:
    """Return the part of a padded array that is the input itself."""
    parts = [slice(each.padding, each.padding + each.size) for each in windows]
    return larger[(..., *parts)]
