"""Methods of two operands beside arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import pairwise
from gradstep_engine.tensor.arithmetic import binary, binary_with
from gradstep_engine.tensor.operands import given, given_tensor

NUMBERS_TOO = frozenset({pairwise.Copysign, pairwise.Xlogy})
"""Where PyTorch takes a plain number beside a tensor."""


def pair_of(op: type[Op], what: str) -> Callable[[Any, Any], Any]:
    """Return the method that runs `op` on its tensor and another operand and returns `what`."""
    name = op.op_name
    run = binary if op.differentiable else binary_with
    check = given if op in NUMBERS_TOO else given_tensor

    def method(self: Any, other: Any) -> Any:
        return run(op, self, check(other, name))

    method.__name__ = name
    method.__qualname__ = f"Tensor.{name}"
    method.__doc__ = f"Return {what}."
    return method


class Pairs(TensorBase):
    """Extrema of two tensors, angles, sums of exponentials, whole numbers."""

    atan2 = pair_of(pairwise.Atan2, "the angle of the point (other, self)")
    copysign = pair_of(pairwise.Copysign, "|self| with the sign of `other`")
    fmax = pair_of(pairwise.Fmax, "the larger of the two, ignoring NaN")
    fmin = pair_of(pairwise.Fmin, "the smaller of the two, ignoring NaN")
    gcd = pair_of(pairwise.Gcd, "the greatest common divisor")
    heaviside = pair_of(pairwise.Heaviside, "0 below zero, 1 above and `other` at zero")
    hypot = pair_of(pairwise.Hypot, "√(self² + other²)")
    lcm = pair_of(pairwise.Lcm, "the least common multiple")
    logaddexp = pair_of(pairwise.LogAddExp, "ln(eˢᵉˡᶠ + eᵒᵗʰᵉʳ)")
    logaddexp2 = pair_of(pairwise.LogAddExp2, "the same with base 2")
    maximum = pair_of(pairwise.Maximum, "the larger of the two, element by element")
    minimum = pair_of(pairwise.Minimum, "the smaller of the two, element by element")
    nextafter = pair_of(pairwise.NextAfter, "the next float in the direction of `other`")
    xlogy = pair_of(pairwise.Xlogy, "self · ln other, 0 where self is 0")

    arctan2 = atan2
