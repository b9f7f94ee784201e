"""Which elements the windows of a pooling see along one axis: one selector per place in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class AxisWindows:
    """Windows at regular steps along an axis of `size`."""

    size: int
    kernel: int
    stride: int
    padding: int = 0
    dilation: int = 1
    ceil_mode: bool = False

    @property
    def out(self) -> int:
        """How many windows there are."""
        free = self.size + 2 * self.padding - self.dilation * (self.kernel - 1) - 1
        out = (free + (self.stride - 1 if self.ceil_mode else 0)) // self.stride + 1
        if self.ceil_mode and (out - 1) * self.stride >= self.size + self.padding:
            out -= 1  # the last window must begin inside the input or its left padding
        return out

    @property
    def reach(self) -> int:
        """How far the last window reaches: more than the padding in ceil mode."""
        last = (self.out - 1) * self.stride + self.dilation * (self.kernel - 1) + 1
        return max(self.size + 2 * self.padding, last)

    @property
    def disjoint(self) -> bool:
        """Whether every element lies in one window at most."""
        return self.stride > self.dilation * (self.kernel - 1)

    def selectors(self) -> list[Any]:
        """Return for each place in a window the slice of a padded axis that all windows see."""
        span = (self.out - 1) * self.stride + 1
        starts = range(0, self.kernel * self.dilation, self.dilation)
        return [slice(start, start + span, self.stride) for start in starts]

    def counts(self, include_pad: bool) -> Any:
        """Return how many elements each window averages, (out,)."""
        start = np.arange(self.out) * self.stride - self.padding
        stop = np.minimum(start + self.kernel, self.size + self.padding)
        if not include_pad:
            start, stop = np.maximum(start, 0), np.minimum(stop, self.size)
        return stop - start


@dataclass(frozen=True, slots=True)
class EvenWindows:
    """`out` nearly equal windows: from ⌊i size / out⌋ to ⌈(i + 1) size / out⌉."""

    size: int
    out: int
    padding: int = 0

    @property
    def reach(self) -> int:
        """The size: nothing is padded."""
        return self.size

    @property
    def disjoint(self) -> bool:
        """Whether every element is seen once at most."""
        return self.size % self.out == 0

    def bounds(self) -> tuple[Any, Any]:
        """Return where windows start and stop."""
        numbers = np.arange(self.out)
        return numbers * self.size // self.out, -(-(numbers + 1) * self.size // self.out)

    def selectors(self) -> list[Any]:
        """Return for each place in a window the elements there; short windows repeat their last."""
        if self.size % self.out == 0:
            step = self.size // self.out
            return [slice(start, None, step) for start in range(step)]
        start, stop = self.bounds()
        return [np.minimum(start + place, stop - 1) for place in range(int((stop - start).max()))]

    def averages(self) -> Any:
        """Return the (out, size) matrix whose rows average the windows."""
        places = np.arange(self.size)
        start, stop = (bound[:, None] for bound in self.bounds())
        return ((places >= start) & (places < stop)) / (stop - start)
