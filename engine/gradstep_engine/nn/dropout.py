"""Dropout as a layer."""

from __future__ import annotations

from gradstep_engine.nn import functional
from gradstep_engine.nn.module import Module
from gradstep_engine.tensor import Tensor


class Dropout(Module):
    """Zeroes each element with probability `p` in training and scales the others by 1 / (1 − p).

    Raises:
        ValueError: `p` is no probability.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with elements dropped, in training."""
        return functional.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        """Return the probability."""
        return f"p={self.p}, inplace={self.inplace}"
