"""Whether two recorded tensors hold the same numbers, up to rounding."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from gradstep.trace.model import TensorValue
from gradstep.trace.numbers import to_numpy

if TYPE_CHECKING:
    import numpy as np

RELATIVE: Final = {"float64": 1e-9, "float32": 1e-5, "float16": 1e-3, "bfloat16": 1e-2}
"""How far two ways to compute one thing may be apart, as a share of the tensor's largest number."""

_STATISTICS: Final = ("min", "max", "mean", "std", "norm")
_COUNTS: Final = ("zeros", "nan", "inf")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Numbers agree when they differ by no more than `atol + rtol * scale`.

    `scale` is the largest absolute number of the two tensors, so that rounding in an element near
    zero is measured against its neighbours. `rtol` None is `RELATIVE` for the dtype, 0 for whole
    numbers.
    """

    rtol: float | None = None
    atol: float = 0.0

    def allowed(self, dtype: str, scale: float) -> float:
        """The largest difference that still counts as the same."""
        rtol = RELATIVE.get(dtype, 0.0) if self.rtol is None else self.rtol
        return self.atol + rtol * scale if math.isfinite(scale) else self.atol


@dataclass(frozen=True, slots=True)
class Gap:
    """How two tensors differ.

    `what` is `shape`, `dtype`, `elements` or one of the statistics that were compared because the
    contents were not recorded. For `elements`, `count` of `total` are beyond the tolerance and `at`
    is the index of the worst; `a` and `b` are what is there.
    """

    what: str
    a: Any
    b: Any
    count: int = 0
    total: int = 0
    at: tuple[int, ...] = ()

    @property
    def size(self) -> float:
        """The absolute difference of two numbers; infinite where one is NaN or infinite."""
        if not (isinstance(self.a, (int, float)) and isinstance(self.b, (int, float))):
            return math.inf
        size = abs(float(self.a) - float(self.b))
        return size if math.isfinite(size) else math.inf


def gap(a: TensorValue, b: TensorValue, tolerance: Tolerance) -> Gap | None:
    """Return how two recorded tensors differ beyond the tolerance, None if they agree.

    Contents are compared where both have them, else the statistics.
    """
    if a.shape != b.shape:
        return Gap("shape", list(a.shape), list(b.shape))
    if a.dtype != b.dtype:
        return Gap("dtype", a.dtype, b.dtype)
    if a.content is None or b.content is None:
        return _gap_of_statistics(a, b, tolerance)
    if a.content == b.content:
        return None
    try:
        return _gap_of_elements(to_numpy(a), to_numpy(b), a.dtype, tolerance)
    except ValueError:  # a dtype without plain numbers: its statistics are of absolute values
        return _gap_of_statistics(a, b, tolerance)


def _gap_of_elements(a: np.ndarray, b: np.ndarray, dtype: str, tolerance: Tolerance) -> Gap | None:
    import numpy as np

    wide_a, wide_b = a.astype(np.float64).ravel(), b.astype(np.float64).ravel()
    with np.errstate(invalid="ignore", over="ignore"):
        both = np.concatenate([wide_a, wide_b])
        finite = np.abs(both[np.isfinite(both)])
        scale = float(finite.max()) if finite.size else 0.0
        apart = np.abs(wide_a - wide_b)
        # Two NaNs are the same, and so are two equal infinities, whose difference is NaN.
        same = (wide_a == wide_b) | (np.isnan(wide_a) & np.isnan(wide_b))
        beyond = ~same & ~(apart <= tolerance.allowed(dtype, scale))
    count = int(beyond.sum())
    if not count:
        return None
    worst = int(np.argmax(np.where(beyond, np.nan_to_num(apart, nan=np.inf), -1.0)))
    index = tuple(int(one) for one in np.unravel_index(worst, a.shape)) if a.shape else ()
    return Gap("elements", a.flat[worst].item(), b.flat[worst].item(), count, a.size, index)


def _gap_of_statistics(a: TensorValue, b: TensorValue, tolerance: Tolerance) -> Gap | None:
    for name in _COUNTS[1:]:
        if getattr(a, name) != getattr(b, name):
            return Gap(name, getattr(a, name), getattr(b, name))
    for name in _STATISTICS:
        left, right = getattr(a, name), getattr(b, name)
        if left is None or right is None:
            if left is not right:
                return Gap(name, left, right)
            continue
        if abs(left - right) > tolerance.allowed(a.dtype, _scale(name, a, b)):
            return Gap(name, left, right)
    return None


def _scale(name: str, a: TensorValue, b: TensorValue) -> float:
    """The largest absolute number; of a norm, the norm itself."""
    names = ("norm",) if name == "norm" else ("min", "max")
    return max(abs(float(getattr(value, one) or 0.0)) for value in (a, b) for one in names)
