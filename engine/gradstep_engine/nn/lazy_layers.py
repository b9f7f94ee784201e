"""Linear, convolution and normalisation layers that take the size of their first input."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradstep_engine.nn.convolution import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
    _ConvolutionLayer,
)
from gradstep_engine.nn.lazy import LazyModuleMixin
from gradstep_engine.nn.linear import Linear
from gradstep_engine.nn.normalization import (
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    InstanceNorm1d,
    InstanceNorm2d,
    InstanceNorm3d,
)
from gradstep_engine.nn.parameter import UninitializedBuffer, UninitializedParameter
from gradstep_engine.tensor import Tensor, wrap


class _LazyLayer(LazyModuleMixin):
    """A layer that waits for one number, which stands in its attribute `counted`, 0 until then."""

    counted: ClassVar[str]

    def _count(self, input: Tensor) -> int:
        raise NotImplementedError

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of parameters and buffers once the number is known."""
        raise NotImplementedError

    def _await(self, *names: str, device: Any, dtype: Any) -> None:
        for name in names:
            setattr(self, name, UninitializedParameter(device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Draw new initial values, if there is something to draw for."""
        if not self.has_uninitialized_params() and getattr(self, self.counted):
            super().reset_parameters()  # type: ignore[misc]

    def initialize_parameters(self, input: Tensor) -> None:
        """Give the parameters their shapes and initial values."""
        if self.has_uninitialized_params():
            setattr(self, self.counted, self._count(input))
            for name, shape in self._shapes().items():
                waiting = getattr(self, name, None)
                if waiting is not None:
                    waiting.materialize(shape)
            self.reset_parameters()
        elif not getattr(self, self.counted):  # its parameters were loaded
            setattr(self, self.counted, self._count(input))


class LazyLinear(_LazyLayer, Linear):
    """`Linear` that takes `in_features` from the last axis of its first input."""

    cls_to_become = Linear
    counted = "in_features"

    def __init__(
        self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(0, 0, False)
        self.out_features = out_features
        self._await("weight", *["bias"] * bias, device=device, dtype=dtype)

    def _count(self, input: Tensor) -> int:
        return int(input.shape[-1])

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.out_features, self.in_features), "bias": (self.out_features,)}


class _LazyConvolutionLayer(_LazyLayer, _ConvolutionLayer):
    counted = "in_channels"

    def _count(self, input: Tensor) -> int:
        plain, batched = self.axes + 1, self.axes + 2
        if input.dim() not in (plain, batched):
            raise RuntimeError(
                f"Expected {plain}D (unbatched) or {batched}D (batched) input to "
                f"{type(self).__name__}, but got input of size: {input.shape}"
            )
        channels: int = input.shape[-self.axes - 1]
        if channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        return channels

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return {"weight": self._weight_shape(), "bias": (self.out_channels,)}


class _LazyConvolution(_LazyConvolutionLayer):
    def __init__(
        self,
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
        super().__init__(0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode)
        self.out_channels = out_channels
        self._await("weight", *["bias"] * bias, device=device, dtype=dtype)


class LazyConv1d(_LazyConvolution, Conv1d):
    """`Conv1d` that takes `in_channels` from its first input."""

    cls_to_become = Conv1d


class LazyConv2d(_LazyConvolution, Conv2d):
    """`Conv2d` that takes `in_channels` from its first input."""

    cls_to_become = Conv2d


class LazyConv3d(_LazyConvolution, Conv3d):
    """`Conv3d` that takes `in_channels` from its first input."""

    cls_to_become = Conv3d


class _LazyTransposedConvolution(_LazyConvolutionLayer):
    def __init__(
        self,
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
        window = (kernel_size, stride, padding, output_padding)
        super().__init__(0, 0, *window, groups, False, dilation, padding_mode)
        self.out_channels = out_channels
        self._await("weight", *["bias"] * bias, device=device, dtype=dtype)


class LazyConvTranspose1d(_LazyTransposedConvolution, ConvTranspose1d):
    """`ConvTranspose1d` that takes `in_channels` from its first input."""

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposedConvolution, ConvTranspose2d):
    """`ConvTranspose2d` that takes `in_channels` from its first input."""

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposedConvolution, ConvTranspose3d):
    """`ConvTranspose3d` that takes `in_channels` from its first input."""

    cls_to_become = ConvTranspose3d


class _LazyNorm(_LazyLayer):
    """Normalisation per channel; the number of features is the size of axis 1."""

    counted = "num_features"
    num_features: int

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(0, eps, momentum, False, False, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self._await("weight", *["bias"] * bias, device=device, dtype=dtype)
        if track_running_stats:
            for name in ("running_mean", "running_var"):
                self.register_buffer(name, UninitializedBuffer(device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", wrap(np.array(0)))

    def _count(self, input: Tensor) -> int:
        return int(input.shape[1])

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(
            ("weight", "bias", "running_mean", "running_var"), (self.num_features,)
        )


class LazyBatchNorm1d(_LazyNorm, BatchNorm1d):
    """`BatchNorm1d` that takes `num_features` from its first input."""

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, BatchNorm2d):
    """`BatchNorm2d` that takes `num_features` from its first input."""

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, BatchNorm3d):
    """`BatchNorm3d` that takes `num_features` from its first input."""

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, InstanceNorm1d):
    """`InstanceNorm1d` that takes `num_features` from its first input."""

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, InstanceNorm2d):
    """`InstanceNorm2d` that takes `num_features` from its first input."""

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, InstanceNorm3d):
    """`InstanceNorm3d` that takes `num_features` from its first input."""

    cls_to_become = InstanceNorm3d
