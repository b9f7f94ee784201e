"""Layers that normalise by mean and variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gradstep_engine.nn import functional, init
from gradstep_engine.nn.module import Module
from gradstep_engine.nn.parameter import Parameter
from gradstep_engine.nn.storage import empty_parameter, filled
from gradstep_engine.tensor import Tensor, wrap


class _BatchNorm(Module):
    """What batch normalisation over any number of axes shares.

    Buffers: `running_mean`, `running_var`, `num_batches_tracked` (unless not tracked).
    """

    weight: Parameter | None
    bias: Parameter | None
    dimensions: tuple[int, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            made = empty_parameter((num_features,), device, dtype) if wanted else None
            self.register_parameter(name, made)
        tracked = track_running_stats
        mean = filled((num_features,), 0, device, dtype) if tracked else None
        variance = filled((num_features,), 1, device, dtype) if tracked else None
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", variance)
        self.register_buffer("num_batches_tracked", wrap(np.array(0)) if tracked else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forget what was tracked."""
        if self.track_running_stats:
            for name, value in (("mean", 0), ("var", 1)):
                getattr(self, f"running_{name}")._writable()[...] = value
            self.num_batches_tracked._writable()[...] = 0

    def reset_parameters(self) -> None:
        """Set weight to one, bias to zero and forget the running statistics."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return the input normalised: by the batch in training, else by what was tracked."""
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats:
            counter = self.num_batches_tracked
            counter._writable()[...] += 1
            counter._bump()
            if self.momentum is None:  # a plain average over all batches so far
                momentum = 1.0 / float(counter._array)
        tracking = not self.training or self.track_running_stats
        return functional.batch_norm(
            input,
            self.running_mean if tracking else None,
            self.running_var if tracking else None,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            momentum,
            self.eps,
        )

    def _check_input_dim(self, input: Tensor) -> None:
        ndim = input._array.ndim
        if ndim not in self.dimensions:
            wanted = " or ".join(f"{each}D" for each in self.dimensions)
            raise ValueError(f"expected {wanted} input (got {ndim}D input)")

    def extra_repr(self) -> str:
        """Return the settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L)."""

    dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of (N, C, H, W)."""

    dimensions = (4,)


class LayerNorm(Module):
    """Normalises over the last dimensions, whose sizes are `normalized_shape`."""

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        sizes = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.normalized_shape = sizes
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            self.register_parameter(name, empty_parameter(sizes, device, dtype) if wanted else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Set weight to one and bias to zero."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return the input normalised over its last dimensions."""
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """Return the settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )
