"""The tensor: an array with a gradient and a memory of where it came from."""

from gradstep_engine.tensor.base import Tensor, wrap

__all__ = ["Tensor", "wrap"]
