"""Images in another size: a map for each axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradstep_engine.ops.axis_maps import Separable, Taken, Weighed
from gradstep_engine.ops.linear_map import Mapped

_NAMES = {
    ("nearest", 1): "UpsampleNearest1D",
    ("nearest", 2): "UpsampleNearest2D",
    ("nearest", 3): "UpsampleNearest3D",
    ("nearest-exact", 1): "UpsampleNearestExact1D",
    ("nearest-exact", 2): "UpsampleNearestExact2D",
    ("nearest-exact", 3): "UpsampleNearestExact3D",
    ("linear", 1): "UpsampleLinear1D",
    ("bilinear", 2): "UpsampleBilinear2D",
    ("trilinear", 3): "UpsampleTrilinear3D",
    ("bicubic", 2): "UpsampleBicubic2D",
}


class Interpolate(Mapped):
    """Elements between those of x.  ∂/∂x = grad, weighed alike, added up where they came from."""

    op_name = "interpolate"

    def forward(
        self,
        x: Any,
        *,
        size: tuple[int, ...],
        scales: tuple[float, ...],
        mode: str,
        align_corners: bool = False,
    ) -> Any:
        """Return x in `size`; `scales` says how many input steps a step of the result is."""
        self.node_name = f"{_NAMES[mode, len(size)]}Backward0"
        maps: list[Any] = []
        for old, new, scale in zip(x.shape[x.ndim - len(size) :], size, scales, strict=True):
            if mode.startswith("nearest"):
                maps.append(Taken(_nearest(old, new, scale, mode), old))
                continue
            step = (old - 1) / max(1, new - 1) if align_corners else scale
            start = 0.0 if align_corners else 0.5 * step - 0.5
            places = start + step * np.arange(new)
            matrix = _cubic(places, old) if mode == "bicubic" else _linear(places, old)
            maps.append(Weighed(matrix))
        self.map = Separable(maps)
        return self.map.apply(x)


def _nearest(old: int, new: int, scale: float, mode: str) -> Any:
    half = 0.5 if mode == "nearest-exact" else 0.0
    # In single precision, as PyTorch counts: the floor of a whole number must not fall short.
    places = (np.arange(new, dtype=np.float32) + np.float32(half)) * np.float32(scale)
    return np.minimum(np.floor(places).astype(np.int64), old - 1)


def _linear(places: Any, size: int) -> Any:
    """Return the matrix that takes both neighbours of every place by their nearness."""
    places = np.clip(places, 0, size - 1)
    left = np.floor(places).astype(np.int64)
    share = places - left
    matrix = np.zeros((len(places), size))
    rows = np.arange(len(places))
    np.add.at(matrix, (rows, left), 1 - share)
    np.add.at(matrix, (rows, np.minimum(left + 1, size - 1)), share)
    return matrix


def _cubic(places: Any, size: int, a: float = -0.75) -> Any:
    """Return the matrix of cubic convolution (Keys 1981) with parameter `a`; edges repeat."""
    left = np.floor(places).astype(np.int64)
    share = places - left
    matrix = np.zeros((len(places), size))
    rows = np.arange(len(places))
    for offset in (-1, 0, 1, 2):
        t = np.abs(share - offset)
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        source = np.clip(left + offset, 0, size - 1)
        np.add.at(matrix, (rows, source), np.where(t <= 1, near, far))
    return matrix
