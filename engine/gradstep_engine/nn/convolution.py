"""Convolution layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from gradstep_engine.nn import functional, init
from gradstep_engine.nn.functional.sizes import per_axis
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.nn.storage import empty_parameter
from gradstep_engine.tensor import Tensor

_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvolutionLayer(Module):
    """What convolutions and transposed convolutions over any number of axes share.

    The weight and the bias start uniform on ±1/√fan_in.
    """

    axes: ClassVar[int]
    _function: ClassVar[Callable[..., Tensor]]
    transposed: ClassVar[bool] = False
    weight: Parameter
    bias: Parameter | None
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Any
    dilation: tuple[int, ...]
    output_padding: tuple[int, ...]

    def __init_subclass__(cls, function: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if function is not None:
            cls._function = staticmethod(getattr(functional, function))
            cls.axes = int(function[-2])

    def _configure(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        groups: int,
        padding_mode: str,
    ) -> None:
        if groups <= 0:
            raise ValueError("groups must be a positive integer")
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = per_axis(kernel_size, self.axes)
        self.stride = per_axis(stride, self.axes)
        self.dilation = per_axis(dilation, self.axes)
        self.groups = groups
        if isinstance(padding, str):
            if padding not in ("valid", "same"):
                raise ValueError(
                    f"Invalid padding string '{padding}', should be one of {{'valid', 'same'}}"
                )
            if padding == "same" and self.stride != (1,) * self.axes:
                raise ValueError("padding='same' is not supported for strided convolutions")
        if padding_mode not in _MODES:
            shown = ", ".join(f"'{mode}'" for mode in _MODES)
            raise ValueError(
                f"padding_mode must be one of {{{shown}}}, but got padding_mode='{padding_mode}'"
            )
        self.padding = padding if isinstance(padding, str) else per_axis(padding, self.axes)
        self.padding_mode = padding_mode
        self.output_padding = (0,) * self.axes

    def _weight_shape(self) -> tuple[int, ...]:
        ends = (self.out_channels, self.in_channels)
        first, second = reversed(ends) if self.transposed else ends
        return (first, second // self.groups, *self.kernel_size)

    def _make_parameters(self, bias: bool, device: Any, dtype: Any) -> None:
        self.weight = empty_parameter(self._weight_shape(), device, dtype)
        if bias:
            self.bias = empty_parameter((self.out_channels,), device, dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            if fan_in:
                bound = 1 / math.sqrt(fan_in)
                init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """Return the channels and what differs from the defaults."""
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        if self.padding != (0,) * self.axes:
            text += f", padding={self.padding}"
        if self.dilation != (1,) * self.axes:
            text += f", dilation={self.dilation}"
        if self.output_padding != (0,) * self.axes:
            text += f", output_padding={self.output_padding}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


class _Convolution(_ConvolutionLayer):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._configure(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
        )
        self._make_parameters(bias, device, dtype)

    def forward(self, input: Tensor) -> Tensor:
        """Return (N, out, *out_size)."""
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input = functional.pad(input, self._margins(), self.padding_mode)
            padding = 0
        return self._function(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )

    def _margins(self) -> list[int]:
        """Return the padding as `functional.pad` takes it: from the last axis to the first."""
        if self.padding == "valid":
            return [0] * 2 * self.axes
        if self.padding == "same":
            axes = zip(self.dilation, self.kernel_size, strict=True)
            spans = [spread * (size - 1) for spread, size in axes]
            return [n for span in reversed(spans) for n in (span // 2, span - span // 2)]
        return [margin for margin in reversed(self.padding) for _ in range(2)]


class Conv1d(_Convolution, function="conv1d"):
    """Convolution of (N, C, L) with a weight (out, in / groups, k)."""


class Conv2d(_Convolution, function="conv2d"):
    """Convolution of (N, C, H, W) with a weight (out, in / groups, kh, kw)."""


class Conv3d(_Convolution, function="conv3d"):
    """Convolution of (N, C, D, H, W) with a weight (out, in / groups, kd, kh, kw)."""


class _TransposedConvolution(_ConvolutionLayer):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        padding = per_axis(padding, self.axes)
        self._configure(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, padding_mode
        )
        self.output_padding = per_axis(output_padding, self.axes)
        self._make_parameters(bias, device, dtype)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """Return (N, out, *size); `output_size` chooses among the sizes that a stride allows.

        Raises:
            ValueError: `output_size` is not one of them.
        """
        further = self.output_padding
        if output_size is not None:
            further = self._output_padding(input, list(output_size))
        return self._function(
            input,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            further,
            self.groups,
            self.dilation,
        )

    def _output_padding(self, input: Tensor, wanted: list[int]) -> tuple[int, ...]:
        leading = input.dim() - self.axes
        if len(wanted) == leading + self.axes:
            wanted = wanted[leading:]
        if len(wanted) != self.axes:
            raise ValueError(
                f"ConvTranspose{self.axes}D: for {input.dim()}D input, output_size must have "
                f"{self.axes} or {leading + self.axes} elements (got {len(wanted)})"
            )
        least = [
            (n - 1) * s - 2 * p + d * (k - 1) + 1
            for n, s, p, d, k in zip(
                input.shape[leading:],
                self.stride,
                self.padding,
                self.dilation,
                self.kernel_size,
                strict=True,
            )
        ]
        most = [size + step - 1 for size, step in zip(least, self.stride, strict=True)]
        if any(not a <= n <= b for a, n, b in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {tuple(wanted)}, but valid sizes range from "
                f"{least} to {most} (for an input of {input.shape[leading:]})"
            )
        return tuple(n - a for n, a in zip(wanted, least, strict=True))


class ConvTranspose1d(_TransposedConvolution, function="conv_transpose1d"):
    """Transposed convolution of (N, C, L) with a weight (in, out / groups, k)."""


class ConvTranspose2d(_TransposedConvolution, function="conv_transpose2d"):
    """Transposed convolution of (N, C, H, W) with a weight (in, out / groups, kh, kw)."""


class ConvTranspose3d(_TransposedConvolution, function="conv_transpose3d"):
    """Transposed convolution of (N, C, D, H, W) with a weight (in, out / groups, kd, kh, kw)."""
