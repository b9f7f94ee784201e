"""Pooling layers: each calls the function of its name with its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from gradstep_engine.nn import functional
from gradstep_engine.nn.functional.sizes import per_axis
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor


class _Pooling(Module):
    """Pooling over the last axes; a layer names its function.

    Attributes:
        settings: the function's arguments after the input, each an attribute of the layer.
        shown: those in the layer's representation.
        axes: how many axes are pooled.
    """

    settings: ClassVar[tuple[str, ...]]
    shown: ClassVar[tuple[str, ...]]
    axes: ClassVar[int]
    _function: ClassVar[Callable[..., Any]]

    def __init_subclass__(cls, function: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if function is not None:
            cls._function = staticmethod(getattr(functional, function))
            cls.axes = int(function[-2])

    def forward(self, input: Tensor) -> Any:
        """Return (N, C, *out), and where the elements lie if asked."""
        own = self.__dict__
        return self._function(input, *[own[name] for name in self.settings])

    def extra_repr(self) -> str:
        """Return the window."""
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


class _MaxPool(_Pooling):
    """The largest element of each window."""

    settings: ClassVar[tuple[str, ...]] = (
        "kernel_size",
        "stride",
        "padding",
        "dilation",
        "ceil_mode",
        "return_indices",
    )
    shown = settings[:-1]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode


class MaxPool1d(_MaxPool, function="max_pool1d"):
    """The largest element of each window of (N, C, L)."""


class MaxPool2d(_MaxPool, function="max_pool2d"):
    """The largest element of each window of (N, C, H, W)."""


class MaxPool3d(_MaxPool, function="max_pool3d"):
    """The largest element of each window of (N, C, D, H, W)."""


class _AvgPool(_Pooling):
    """The mean of each window."""

    settings: ClassVar[tuple[str, ...]] = (
        "kernel_size",
        "stride",
        "padding",
        "ceil_mode",
        "count_include_pad",
        "divisor_override",
    )
    shown = settings[:3]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override


class AvgPool1d(_AvgPool, function="avg_pool1d"):
    """The mean of each window of (N, C, L)."""

    settings: ClassVar[tuple[str, ...]] = _AvgPool.settings[:-1]

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        step = kernel_size if stride is None else stride
        window = per_axis(kernel_size, 1), per_axis(step, 1), per_axis(padding, 1)
        super().__init__(*window, ceil_mode, count_include_pad)


class AvgPool2d(_AvgPool, function="avg_pool2d"):
    """The mean of each window of (N, C, H, W)."""


class AvgPool3d(_AvgPool, function="avg_pool3d"):
    """The mean of each window of (N, C, D, H, W)."""


class _LPPool(_Pooling):
    """(Σ xᵖ)^(1/p) of each window."""

    settings: ClassVar[tuple[str, ...]] = ("norm_type", "kernel_size", "stride", "ceil_mode")
    shown = settings

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode


class LPPool1d(_LPPool, function="lp_pool1d"):
    """(Σ xᵖ)^(1/p) over each window of (N, C, L)."""


class LPPool2d(_LPPool, function="lp_pool2d"):
    """(Σ xᵖ)^(1/p) over each window of (N, C, H, W)."""


class LPPool3d(_LPPool, function="lp_pool3d"):
    """(Σ xᵖ)^(1/p) over each window of (N, C, D, H, W)."""


class _AdaptiveAvgPool(_Pooling):
    """Means of windows chosen so that the result is (N, C, *output_size)."""

    settings: ClassVar[tuple[str, ...]] = ("output_size",)
    shown = settings

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size


class AdaptiveAvgPool1d(_AdaptiveAvgPool, function="adaptive_avg_pool1d"):
    """Means of as many windows as asked for of (N, C, L)."""


class AdaptiveAvgPool2d(_AdaptiveAvgPool, function="adaptive_avg_pool2d"):
    """Means of as many windows as asked for of (N, C, H, W)."""


class AdaptiveAvgPool3d(_AdaptiveAvgPool, function="adaptive_avg_pool3d"):
    """Means of as many windows as asked for of (N, C, D, H, W)."""


class _AdaptiveMaxPool(_Pooling):
    """Maxima of windows chosen so that the result is (N, C, *output_size)."""

    settings: ClassVar[tuple[str, ...]] = ("output_size", "return_indices")
    shown = settings[:1]

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices


class AdaptiveMaxPool1d(_AdaptiveMaxPool, function="adaptive_max_pool1d"):
    """Maxima of as many windows as asked for of (N, C, L)."""


class AdaptiveMaxPool2d(_AdaptiveMaxPool, function="adaptive_max_pool2d"):
    """Maxima of as many windows as asked for of (N, C, H, W)."""


class AdaptiveMaxPool3d(_AdaptiveMaxPool, function="adaptive_max_pool3d"):
    """Maxima of as many windows as asked for of (N, C, D, H, W)."""


class _MaxUnpool(_Pooling):
    """Zeros with the input where a maximum pooling found it."""

    shown = ("kernel_size", "stride", "padding")

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = per_axis(kernel_size, self.axes)
        self.stride = per_axis(kernel_size if stride is None else stride, self.axes)
        self.padding = per_axis(padding, self.axes)

    def forward(  # type: ignore[override]
        self, input: Tensor, indices: Tensor, output_size: Any = None
    ) -> Any:
        """Return the larger tensor; `output_size` chooses among those that a pooling allows."""
        window = (self.kernel_size, self.stride, self.padding)
        return self._function(input, indices, *window, output_size)


class MaxUnpool1d(_MaxUnpool, function="max_unpool1d"):
    """The inverse of maximum pooling, as far as there is one, to windows of (N, C, L)."""


class MaxUnpool2d(_MaxUnpool, function="max_unpool2d"):
    """The inverse of maximum pooling, as far as there is one, to windows of (N, C, H, W)."""


class MaxUnpool3d(_MaxUnpool, function="max_unpool3d"):
    """The inverse of maximum pooling, as far as there is one, to windows of (N, C, D, H, W)."""
