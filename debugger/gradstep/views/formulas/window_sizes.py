"""The windows of a pooling op, axis by axis, as the engine notes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from gradstep.views.formulas.call import Call, Unknown


@dataclass(frozen=True, slots=True)
class Window:
    """The windows along one axis of `size`: of equal length, or sharing it out among `out`."""

    size: int
    kernel: int = 0
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    out: int = 0

    def seen(self, at: int) -> range:
        """Give the places on the axis that window number `at` sees."""
        if self.out:
            return range(at * self.size // self.out, -(-(at + 1) * self.size // self.out))
        first = at * self.stride - self.padding
        stop = min(first + (self.kernel - 1) * self.dilation + 1, self.size)
        while first < 0:
            first += self.dilation
        return range(first, stop, self.dilation)

    def length(self, at: int) -> int:
        """Count the places of window number `at`, those in the padding with it."""
        if self.out:
            return len(self.seen(at))
        first = at * self.stride - self.padding
        # What ceil_mode lets stand out beyond the padding does not count.
        return min(first + self.kernel, self.size + self.padding) - first

    def seeing(self, at: int, windows: int) -> list[int]:
        """Give the numbers of the windows, out of so many, that see a place."""
        return [number for number in range(windows) if at in self.seen(number)]


def sizes(value: Any, axes: int, default: int) -> tuple[int, ...]:
    """Read a size for each axis: one for all, one each, or the default.

    Raises:
        Unknown: it is something else, such as `"same"`.
    """
    if value is None or value == ():
        return (default,) * axes
    if isinstance(value, int):
        return (value,) * axes
    if isinstance(value, (list, tuple)) and all(isinstance(item, int) for item in value):
        return tuple(value) if len(value) > 1 or axes < 2 else tuple(value) * axes
    raise Unknown("the windows are not known")


def windows_of(call: Call) -> list[Window]:
    """Read the windows of an op.

    Raises:
        Unknown: they were not recorded.
    """
    text = str(call.options.get("windows", ""))
    found = [
        Window(**{name: int(size) for name, size in re.findall(r"(\w+)=(-?\d+)", inner)
                  if name in Window.__slots__})
        for inner in re.findall(r"Windows\(([^)]*)\)", text)
    ]  # fmt: skip
    if found:
        return found
    plain = call.integers()
    axes = 2 if call.op.name.endswith("2d") else 1 if call.op.name.endswith("1d") else 3
    kernel = call.option("kernel_size", plain[0] if plain else None)
    if kernel is None:
        raise Unknown("the windows are not known")
    kernels = sizes(kernel, axes, 0)
    given = call.option("stride")
    strides = kernels if given in (None, ()) else sizes(given, axes, 1)
    pads = sizes(call.option("padding"), axes, 0)
    spaces = sizes(call.option("dilation"), axes, 1)
    lengths = call.array(0).shape[-axes:]
    return [Window(*each) for each in zip(lengths, kernels, strides, pads, spaces, strict=True)]
