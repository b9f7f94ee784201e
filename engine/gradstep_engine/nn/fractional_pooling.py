"""Layers of fractional maximum pooling."""

from __future__ import annotations

from typing import Any, ClassVar

from gradstep_engine.nn import functional
from gradstep_engine.nn.functional.sizes import per_axis
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor


class _FractionalMaxPool(Module):
    """The largest element of windows at random places (Graham, 2014).

    Raises:
        ValueError: not exactly one of `output_size` and `output_ratio` is given, or a ratio is
            not between 0 and 1.
    """

    axes: ClassVar[int]

    def __init_subclass__(cls, axes: int | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if axes is not None:
            cls.axes = axes

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Any = None,
    ) -> None:
        super().__init__()
        self.kernel_size = per_axis(kernel_size, self.axes)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else per_axis(output_size, self.axes)
        self.output_ratio = output_ratio
        if output_ratio is not None and not isinstance(output_ratio, (tuple, list)):
            self.output_ratio = (output_ratio,) * self.axes
        if output_size is None and output_ratio is None:
            raise ValueError(
                f"FractionalMaxPool{self.axes}d requires specifying either an output size, or a "
                "pooling ratio"
            )
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < each < 1 for each in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        """Return (N, C, *out), and where the elements lie if asked."""
        return getattr(functional, f"fractional_max_pool{self.axes}d")(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            self._random_samples,
        )


class FractionalMaxPool2d(_FractionalMaxPool, axes=2):
    """The largest element of windows at random places of (N, C, H, W)."""


class FractionalMaxPool3d(_FractionalMaxPool, axes=3):
    """The largest element of windows at random places of (N, C, D, H, W)."""
