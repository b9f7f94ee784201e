"""Dropout as layers."""

from __future__ import annotations

from gradstep_engine.nn import functional
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor


class _Dropout(Module):
    """What the layers share: a probability, and whether they write into their input.

    Raises:
        ValueError: `p` is no probability.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """Return the probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Zeroes each element with probability `p` in training and scales the others by 1 / (1 − p)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with elements dropped, in training."""
        return functional.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_Dropout):
    """Zeroes whole channels of (N, C, L) or (C, L) in training."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with channels dropped, in training."""
        return functional.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_Dropout):
    """Zeroes whole channels of (N, C, H, W) in training."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with channels dropped, in training."""
        return functional.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_Dropout):
    """Zeroes whole channels of (N, C, D, H, W) or (C, D, H, W) in training."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with channels dropped, in training."""
        return functional.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_Dropout):
    """Sets elements to SELU's lower limit by chance; mean and variance stay, in training."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with elements dropped, in training."""
        return functional.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_Dropout):
    """Does what `AlphaDropout` does to whole channels of (N, C, ...)."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with channels dropped, in training."""
        return functional.feature_alpha_dropout(input, self.p, self.training, self.inplace)
