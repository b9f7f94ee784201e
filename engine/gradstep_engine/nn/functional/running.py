"""Running an op that has one output."""

from __future__ import annotations

from collections.abc import Callable

from gradstep_engine.autograd.function import apply
from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.tensor import Tensor

run: Callable[..., Tensor] = apply
"""`apply`, for ops of which it is known that they make one tensor."""

run_inplace: Callable[..., Tensor] = apply_inplace
"""`apply_inplace`: writes the result into the first input and returns that."""
