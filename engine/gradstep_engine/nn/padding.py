"""Layers that put a margin around their input."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.nn import functional
from gradstep_engine.nn.functional.sizes import per_axis
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor


class _Pad(Module):
    """A margin around the last `axes` axes; one number, or one for every side."""

    axes: ClassVar[int]
    mode: ClassVar[str] = "constant"

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = per_axis(padding, 2 * self.axes)

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with its margin."""
        return functional.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with its margin."""
        return functional.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """Return the sizes and the value."""
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.padding}"


class ConstantPad1d(_ConstantPad):
    """A constant around the last one axis."""

    axes = 1


class ConstantPad2d(_ConstantPad):
    """A constant around the last two axes."""

    axes = 2


class ConstantPad3d(_ConstantPad):
    """A constant around the last three axes."""

    axes = 3


class ZeroPad1d(_ZeroPad):
    """Zeros around the last one axis."""

    axes = 1


class ZeroPad2d(_ZeroPad):
    """Zeros around the last two axes."""

    axes = 2


class ZeroPad3d(_ZeroPad):
    """Zeros around the last three axes."""

    axes = 3


class ReflectionPad1d(_Pad):
    """The input mirrored at its edges around the last one axis."""

    axes = 1
    mode = "reflect"


class ReflectionPad2d(_Pad):
    """The input mirrored at its edges around the last two axes."""

    axes = 2
    mode = "reflect"


class ReflectionPad3d(_Pad):
    """The input mirrored at its edges around the last three axes."""

    axes = 3
    mode = "reflect"


class ReplicationPad1d(_Pad):
    """The elements at the edges around the last one axis."""

    axes = 1
    mode = "replicate"


class ReplicationPad2d(_Pad):
    """The elements at the edges around the last two axes."""

    axes = 2
    mode = "replicate"


class ReplicationPad3d(_Pad):
    """The elements at the edges around the last three axes."""

    axes = 3
    mode = "replicate"


class CircularPad1d(_Pad):
    """The elements of the opposite side around the last one axis."""

    axes = 1
    mode = "circular"


class CircularPad2d(_Pad):
    """The elements of the opposite side around the last two axes."""

    axes = 2
    mode = "circular"


class CircularPad3d(_Pad):
    """The elements of the opposite side around the last three axes."""

    axes = 3
    mode = "circular"
