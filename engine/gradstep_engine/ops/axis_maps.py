"""Linear maps along one axis, and several of them one after the other."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np


class Taken:
    """The elements at `index` along an axis of `size`; transposed, each goes back to its place."""

    def __init__(self, index: Any, size: int) -> None:
        self.index, self.size = index, size

    def apply(self, x: Any, axis: int) -> Any:
        """Return the chosen elements."""
        return np.take(x, self.index, axis)

    def adjoint(self, grad: Any, axis: int) -> Any:
        """Add every element up where it was taken from."""
        last = np.moveaxis(grad, axis, -1)
        result = np.zeros((*last.shape[:-1], self.size), grad.dtype)
        for chosen, places in self._rounds:
            result[..., places] += last[..., chosen]
        return np.moveaxis(result, -1, axis)

    @cached_property
    def _rounds(self) -> list[tuple[Any, Any]]:
        """Positions and places, so split that no place appears twice in one round."""
        order = np.argsort(self.index, kind="stable")
        ordered = self.index[order]
        first = np.searchsorted(ordered, ordered, side="left")
        turn = np.arange(len(ordered)) - first
        rounds = []
        for number in range(int(turn.max()) + 1 if len(turn) else 0):
            chosen = order[turn == number]
            rounds.append((chosen, self.index[chosen]))
        return rounds


class Weighed:
    """A matrix (out, size) along an axis."""

    def __init__(self, matrix: Any) -> None:
        self.matrix = matrix

    def apply(self, x: Any, axis: int) -> Any:
        """Return the products with the matrix."""
        return _times(x, self.matrix.astype(x.dtype, copy=False), axis)

    def adjoint(self, grad: Any, axis: int) -> Any:
        """Return the products with the transposed matrix."""
        return _times(grad, self.matrix.T.astype(grad.dtype, copy=False), axis)


def _times(x: Any, matrix: Any, axis: int) -> Any:
    if axis == -1:
        return np.matmul(x, matrix.T)
    if axis == -2:
        return np.matmul(matrix, x)
    return np.moveaxis(np.matmul(np.moveaxis(x, axis, -1), matrix.T), -1, axis)


class Separable:
    """A map for each of the last axes, None where an axis stays as it is."""

    def __init__(self, maps: list[Any]) -> None:
        self.maps = [(axis - len(maps), each) for axis, each in enumerate(maps)]

    def apply(self, x: Any) -> Any:
        """Apply the maps from the first axis to the last."""
        result = x
        for axis, each in self.maps:
            if each is not None:
                result = each.apply(result, axis)
        return x.copy() if result is x else np.ascontiguousarray(result)

    def adjoint(self, grad: Any) -> Any:
        """Apply the transposed maps in the opposite order."""
        result = grad
        for axis, each in reversed(self.maps):
            if each is not None:
                result = each.adjoint(result, axis)
        return grad.copy() if result is grad else np.ascontiguousarray(result)
