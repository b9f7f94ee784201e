"""Pooling layers: each calls the function of its name."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.nn import functional
from gradstep_engine.nn.functional.sizes import per_axis
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor


class _Pooling(Module):
    """Pooling over the last `axes` axes."""

    axes: ClassVar[int]
    kind: ClassVar[str]

    @property
    def _function(self) -> Any:
        return getattr(functional, f"{self.kind}{self.axes}d")


class _MaxPool(_Pooling):
    """The largest element of each window."""

    kind = "max_pool"

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

    def forward(self, input: Tensor) -> Any:
        """Return (N, C, *out), and where the elements lie if asked."""
        return self._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )

    def extra_repr(self) -> str:
        """Return the window."""
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class _AvgPool(_Pooling):
    """The mean of each window."""

    kind = "avg_pool"

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

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, *out)."""
        result: Tensor = self._function(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )
        return result

    def extra_repr(self) -> str:
        """Return the window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class _AdaptiveAvgPool(_Pooling):
    """Means of windows chosen so that the result is (N, C, *output_size)."""

    kind = "adaptive_avg_pool"

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, *output_size)."""
        result: Tensor = self._function(input, self.output_size)
        return result

    def extra_repr(self) -> str:
        """Return the output size."""
        return f"output_size={self.output_size}"


class _AdaptiveMaxPool(_Pooling):
    """Maxima of windows chosen so that the result is (N, C, *output_size)."""

    kind = "adaptive_max_pool"

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        """Return (N, C, *output_size), and where the elements lie if asked."""
        return self._function(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        """Return the output size."""
        return f"output_size={self.output_size}"


class _LPPool(_Pooling):
    """(Σ xᵖ)^(1/p) of each window."""

    kind = "lp_pool"

    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, *out)."""
        result: Tensor = self._function(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )
        return result

    def extra_repr(self) -> str:
        """Return the norm and the window."""
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class _MaxUnpool(_Pooling):
    """Zeros with the input where a maximum pooling found it."""

    kind = "max_unpool"

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self.kernel_size = per_axis(kernel_size, self.axes)
        self.stride = per_axis(kernel_size if stride is None else stride, self.axes)
        self.padding = per_axis(padding, self.axes)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        """Return the larger tensor; `output_size` chooses among those that a pooling allows."""
        result: Tensor = self._function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )
        return result

    def extra_repr(self) -> str:
        """Return the window."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPool):
    """The mean of each window of (N, C, L)."""

    axes = 1

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        step = kernel_size if stride is None else stride
        super().__init__(
            per_axis(kernel_size, 1),
            per_axis(step, 1),
            per_axis(padding, 1),
            ceil_mode,
            count_include_pad,
        )

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, C, out)."""
        return functional.avg_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
        )


class AvgPool2d(_AvgPool):
    """The mean of each window of (N, C, H, W)."""

    axes = 2


class AvgPool3d(_AvgPool):
    """The mean of each window of (N, C, D, H, W)."""

    axes = 3


class MaxPool1d(_MaxPool):
    """The largest element of each window of (N, C, L)."""

    axes = 1


class MaxPool2d(_MaxPool):
    """The largest element of each window of (N, C, H, W)."""

    axes = 2


class MaxPool3d(_MaxPool):
    """The largest element of each window of (N, C, D, H, W)."""

    axes = 3


class LPPool1d(_LPPool):
    """(Σ xᵖ)^(1/p) over each window of (N, C, L)."""

    axes = 1


class LPPool2d(_LPPool):
    """(Σ xᵖ)^(1/p) over each window of (N, C, H, W)."""

    axes = 2


class LPPool3d(_LPPool):
    """(Σ xᵖ)^(1/p) over each window of (N, C, D, H, W)."""

    axes = 3


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means of as many windows as asked for of (N, C, L)."""

    axes = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Means of as many windows as asked for of (N, C, H, W)."""

    axes = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Means of as many windows as asked for of (N, C, D, H, W)."""

    axes = 3


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Maxima of as many windows as asked for of (N, C, L)."""

    axes = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maxima of as many windows as asked for of (N, C, H, W)."""

    axes = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Maxima of as many windows as asked for of (N, C, D, H, W)."""

    axes = 3


class MaxUnpool1d(_MaxUnpool):
    """The inverse of maximum pooling, as far as there is one, to windows of (N, C, L)."""

    axes = 1


class MaxUnpool2d(_MaxUnpool):
    """The inverse of maximum pooling, as far as there is one, to windows of (N, C, H, W)."""

    axes = 2


class MaxUnpool3d(_MaxUnpool):
    """The inverse of maximum pooling, as far as there is one, to windows of (N, C, D, H, W)."""

    axes = 3
