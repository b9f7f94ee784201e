"""Maximum pooling over windows at random places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradstep_engine.autograd.function import Op
from gradstep_engine.autograd.variable import wrap


class FractionalMaxPool(Op):
    """The largest element of each window; ∂/∂a = grad at the places of these elements.

    `starts` holds per axis an array (N, C, out): where the windows begin.
    """

    op_name = "fractional_max_pool"
    fresh = True

    def forward(
        self, a: Any, name: str, node_name: str, kernel: tuple[int, ...], starts: tuple[Any, ...]
    ) -> Any:
        self.shown_as, self.node_name = name, node_name
        size = a.shape[-len(kernel) :]
        places = np.zeros((1,) * (2 + 2 * len(kernel)), np.int64)
        for axis, (start, width) in enumerate(zip(starts, kernel, strict=True)):
            shape = [*start.shape[:2], *(1,) * 2 * len(kernel)]
            shape[2 + axis] = start.shape[2]
            inside = [1] * len(shape)
            inside[2 + len(kernel) + axis] = width
            along = start.reshape(shape) + np.arange(width).reshape(inside)
            places = places * size[axis] + along
        places = places.reshape(*places.shape[: 2 + len(kernel)], -1)
        flat = a.reshape(*places.shape[:2], -1)
        candidates = np.take_along_axis(
            flat, places.reshape(*places.shape[:2], -1), axis=-1
        ).reshape(places.shape)
        best = candidates.argmax(-1)[..., None]
        self.indices = np.take_along_axis(places, best, -1)[..., 0].reshape(
            *a.shape[: -len(kernel)], *places.shape[2:-1]
        )
        self.shape, self.axes = a.shape, len(kernel)
        return np.take_along_axis(candidates, best, -1)[..., 0].reshape(self.indices.shape)

    def backward(self, grad: Any) -> Any:
        planes, plane, index = self._flat()
        flat = np.bincount(index, np.asarray(grad).reshape(-1), planes * plane)
        return (flat.astype(grad.dtype).reshape(self.shape),)

    def backward_tensors(self, grad: Any) -> Any:
        planes, plane, index = self._flat()
        zeros = wrap(np.zeros(planes * plane, grad._array.dtype))
        return (zeros.index_add(0, wrap(index), grad.reshape(-1)).reshape(self.shape),)

    def _flat(self) -> tuple[int, int, Any]:
        """Return the number of planes, their size and the places in all of them, end to end."""
        kept = math.prod(self.shape[: -self.axes])
        plane = math.prod(self.shape[-self.axes :])
        offsets = np.arange(kept).reshape(-1, 1) * plane
        return kept, plane, (self.indices.reshape(kept, -1) + offsets).reshape(-1)
