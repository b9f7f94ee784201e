"""Rounding, signs and replacing what is not finite, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap
from gradstep_engine.ops.unary import Step, signs


class Floor(Step):
    """⌊a⌋, flat almost everywhere."""

    op_name = "floor"
    node_name = "FloorBackward0"

    def forward(self, a: Any) -> Any:
        return np.floor(a) if a.dtype.kind == "f" else a.copy()


class Ceil(Step):
    """⌈a⌉, flat almost everywhere."""

    op_name = "ceil"
    node_name = "CeilBackward0"

    def forward(self, a: Any) -> Any:
        return np.ceil(a) if a.dtype.kind == "f" else a.copy()


class Trunc(Step):
    """a rounded towards zero, flat almost everywhere."""

    op_name = "trunc"
    node_name = "TruncBackward0"

    def forward(self, a: Any) -> Any:
        return np.trunc(a) if a.dtype.kind == "f" else a.copy()


class Round(Step):
    """a rounded half to even, flat almost everywhere."""

    op_name = "round"
    node_name = "RoundBackward0"

    def forward(self, a: Any, *, decimals: int = 0) -> Any:
        return np.round(a, decimals)


class Sign(Step):
    """The sign of a, flat almost everywhere."""

    op_name: str = "sign"
    node_name: str = "SignBackward0"

    def forward(self, a: Any) -> Any:
        if a.dtype.kind != "f":
            return a.copy() if a.dtype.kind == "b" else np.sign(a)
        return signs(a)


class Sgn(Sign):
    """The sign of a under torch's name for it that also knows complex numbers."""

    op_name = "sgn"
    node_name = "SgnBackward0"


class Frac(Op):
    """a − trunc a, the part behind the point.  ∂/∂a = grad."""

    op_name = "frac"
    node_name = "FracBackward0"

    def forward(self, a: Any) -> Any:
        return a - np.trunc(a)

    def backward(self, grad: Any) -> Any:
        return (grad,)

    backward_tensors = backward


class NanToNum(Op):
    """a with other values for NaN, ∞ and −∞.  ∂/∂a = grad where a is finite, else 0."""

    op_name = "nan_to_num"
    node_name = "NanToNumBackward0"

    def forward(
        self, a: Any, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
    ) -> Any:
        if a.dtype.kind != "f":
            return a.copy()
        self.saved = (np.isfinite(a),)
        return np.nan_to_num(a, nan=nan, posinf=posinf, neginf=neginf)

    def backward(self, grad: Any) -> Any:
        assert self.saved is not None
        return (grad * self.saved[0],)

    def backward_tensors(self, grad: Any) -> Any:
        assert self.saved is not None
        return (grad * wrap(self.saved[0]),)
