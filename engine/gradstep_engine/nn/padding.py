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

    def __init_subclass__(
        cls, axes: int | None = None, mode: str | None = None, **kwargs: Any
    ) -> None:
        super().__init_subclass__(**kwargs)
        if axes is not None:
            cls.axes = axes
        if mode is not None:
            cls.mode = mode

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


class ConstantPad1d(_ConstantPad, axes=1):
    """A constant around the last one axis."""


class ConstantPad2d(_ConstantPad, axes=2):
    """A constant around the last two axes."""


class ConstantPad3d(_ConstantPad, axes=3):
    """A constant around the last three axes."""


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """Return the sizes."""
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad, axes=1):
    """Zeros around the last one axis."""


class ZeroPad2d(_ZeroPad, axes=2):
    """Zeros around the last two axes."""


class ZeroPad3d(_ZeroPad, axes=3):
    """Zeros around the last three axes."""


class ReflectionPad1d(_Pad, axes=1, mode="reflect"):
    """The input mirrored at its edges around the last one axis."""


class ReflectionPad2d(_Pad, axes=2, mode="reflect"):
    """The input mirrored at its edges around the last two axes."""


class ReflectionPad3d(_Pad, axes=3, mode="reflect"):
    """The input mirrored at its edges around the last three axes."""


class ReplicationPad1d(_Pad, axes=1, mode="replicate"):
    """The elements at the edges around the last one axis."""


class ReplicationPad2d(_Pad, axes=2, mode="replicate"):
    """The elements at the edges around the last two axes."""


class ReplicationPad3d(_Pad, axes=3, mode="replicate"):
    """The elements at the edges around the last three axes."""


class CircularPad1d(_Pad, axes=1, mode="circular"):
    """The elements of the opposite side around the last one axis."""


class CircularPad2d(_Pad, axes=2, mode="circular"):
    """The elements of the opposite side around the last two axes."""


class CircularPad3d(_Pad, axes=3, mode="circular"):
    """The elements of the opposite side around the last three axes."""
