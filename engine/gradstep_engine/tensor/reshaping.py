"""Shape operations that change the tensor itself: `unsqueeze_`, `t_`, `tril_` and their kin."""

from __future__ import annotations

from typing import Any

from gradstep_engine.autograd.inplace import apply_inplace
from gradstep_engine.autograd.mode import GradMode
from gradstep_engine.autograd.variable import TensorBase
from gradstep_engine.ops import shape


def _become(tensor: Any, view: Any) -> Any:
    """Let `tensor` look at its memory as its own view does, with that view's place in the graph."""
    tensor._array = view._array
    if view.grad_fn is not None:
        tensor.grad_fn, tensor.output_nr = view.grad_fn, view.output_nr
    tensor._bump()
    return tensor


class Reshaping(TensorBase):
    """In-place twins of the operations on shapes."""

    def _may_change(self) -> Any:
        if GradMode.enabled and self._requires_grad and self.grad_fn is None:
            raise RuntimeError(
                "a leaf Variable that requires grad is being used in an in-place operation."
            )
        return self

    def squeeze_(self, dim: Any = None) -> Any:
        """Lose dimensions of size 1."""
        return _become(self, self._may_change().squeeze(dim))

    def unsqueeze_(self, dim: int) -> Any:
        """Get a dimension of size 1 at `dim`."""
        return _become(self, self._may_change().unsqueeze(dim))

    def t_(self) -> Any:
        """Become the transposed matrix."""
        return _become(self, self._may_change().t())

    def transpose_(self, dim0: int, dim1: int) -> Any:
        """Swap two dimensions."""
        return _become(self, self._may_change().transpose(dim0, dim1))

    swapaxes_ = swapdims_ = transpose_

    def as_strided_(self, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
        """Look at elements at given distances in memory."""
        return _become(self, self._may_change().as_strided(size, stride, storage_offset))

    def tril_(self, diagonal: int = 0) -> Any:
        """Set what is above a diagonal to zero."""
        return apply_inplace(shape.Triangle, self, diagonal=diagonal)

    def triu_(self, diagonal: int = 0) -> Any:
        """Set what is below a diagonal to zero."""
        return apply_inplace(shape.Triangle, self, diagonal=diagonal, upper=True)

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> Any:
        """Write one value on the main diagonal; `wrap` goes on below it in tall matrices.

        Raises:
            RuntimeError: fewer than two dimensions, or more of different sizes.
        """
        sizes = self._array.shape
        if len(sizes) < 2:
            raise RuntimeError("dimensions must larger than 1")
        if len(sizes) > 2 and len(set(sizes)) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        self._may_change()
        whole: Any = self
        if len(sizes) > 2:
            places = list(range(sizes[0]))
            whole[(places,) * len(sizes)] = fill_value
            return self
        height, width = sizes
        count = min(height, width)
        whole.diagonal().fill_(fill_value)
        if wrap and height > width:
            start = count + 1
            while start < height:
                block = whole[start : start + width]
                block.diagonal().fill_(fill_value)
                start += width + 1
        return self
