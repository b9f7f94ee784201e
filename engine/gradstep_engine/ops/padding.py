"""A tensor with a margin: a constant, or elements of its own. Negative margins cut off."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.ops.axis_maps import Separable, Taken
from gradstep_engine.ops.linear_map import Mapped

Margins = tuple[tuple[int, int], ...]
"""Before and after, for each of the last axes in their order."""


class ConstantMap:
    """Zeros around an array; transposed, the part inside."""

    def __init__(self, shape: tuple[int, ...], margins: Margins) -> None:
        kept = len(shape) - len(margins)
        inside, source = [slice(None)] * kept, [slice(None)] * kept
        out = list(shape[:kept])
        for size, (before, after) in zip(shape[kept:], margins, strict=True):
            source.append(slice(max(0, -before), size - max(0, -after)))
            start = max(0, before)
            inside.append(slice(start, start + size + min(0, before) + min(0, after)))
            out.append(size + before + after)
        self.shape, self.out = shape, tuple(out)
        self.inside, self.source = tuple(inside), tuple(source)

    def apply(self, x: Any, value: float = 0) -> Any:
        """Return `x` with its margins."""
        result = np.full(self.out, value, x.dtype)
        result[self.inside] = x[self.source]
        return result

    def adjoint(self, grad: Any) -> Any:
        """Return the part of `grad` that is no margin."""
        if self.source == (slice(None),) * len(self.source):
            return grad[self.inside].copy()
        result = np.zeros(self.shape, grad.dtype)
        result[self.source] = grad[self.inside]
        return result


class ConstantPad(Mapped):
    """`value` around x.  ∂/∂x = the part of grad inside."""

    op_name = "pad"
    node_name = "ConstantPadNdBackward0"

    def forward(self, x: Any, *, pad: Margins, value: float = 0) -> Any:
        self.map = constant = ConstantMap(x.shape, pad)
        return constant.apply(x, value)


class ElementPad(Mapped):
    """Elements of x around x.  ∂/∂x = grad, added up where the elements came from."""

    op_name = "pad"

    def forward(self, x: Any, *, pad: Margins, mode: str) -> Any:
        maps = []
        sizes = x.shape[x.ndim - len(pad) :]
        for size, (before, after) in zip(sizes, pad, strict=True):
            places = np.arange(-before, size + after)
            maps.append(Taken(_SOURCES[mode](places, size), size) if before or after else None)
        self.map = Separable(maps)
        kind = {"reflect": "Reflection", "replicate": "Replication"}.get(mode)
        if kind is not None:
            self.node_name = f"{kind}Pad{len(pad)}DBackward0"
        return self.map.apply(x)


def _reflected(places: Any, size: int) -> Any:
    mirrored = np.abs(places)
    return np.where(mirrored < size, mirrored, 2 * (size - 1) - mirrored)


def _replicated(places: Any, size: int) -> Any:
    return np.clip(places, 0, size - 1)


def _repeated(places: Any, size: int) -> Any:
    return places % size


_SOURCES = {"reflect": _reflected, "replicate": _replicated, "circular": _repeated}
