"""The tensor: an array with a gradient and a memory of where it came from."""

from gradstep_engine.autograd.variable import wrap
from gradstep_engine.floating import accept_all_results
from gradstep_engine.tensor.tensor import Tensor

__all__ = ["Tensor", "wrap"]

accept_all_results()
