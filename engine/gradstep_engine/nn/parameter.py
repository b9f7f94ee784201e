"""Parameters: the tensors that a module learns."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from gradstep_engine.tensor import Tensor


class Parameter(Tensor):
    """A leaf tensor that becomes a module's parameter when assigned to an attribute of it.

    It shares the memory of `data` and requires grad unless told otherwise.

    Raises:
        RuntimeError: gradients are wanted, but `data` is not floating point.
    """

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        """Make the leaf; torch's signature."""
        self: Parameter = Tensor.__new__(cls)
        if data is None:
            self._array = np.empty(0, dtype=np.float32)
        else:
            self._array = data._writable()
            self._version_box = data._box()
        if requires_grad and self._array.dtype.kind not in "fc":
            raise RuntimeError(
                "Only Tensors of floating point and complex dtype can require gradients"
            )
        self._requires_grad = requires_grad
        return self

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        if id(self) in memo:
            known: Parameter = memo[id(self)]
            return known
        duplicate: Parameter = Tensor.__new__(type(self))
        duplicate._array = np.array(self._array)
        duplicate._requires_grad = self._requires_grad
        memo[id(self)] = duplicate
        if self._grad is not None:
            duplicate._grad = copy.deepcopy(self._grad, memo)
        return duplicate

    def __repr__(self, *, tensor_contents: str | None = None) -> str:
        return "Parameter containing:\n" + super().__repr__()


class Buffer(Tensor):
    """A tensor that becomes a module's buffer when assigned to an attribute of it."""

    persistent: bool = True

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Buffer:
        """Make the buffer; torch's signature."""
        self: Buffer = Tensor.__new__(cls)
        self._array = np.empty(0, dtype=np.float32) if data is None else data._writable()
        if data is not None:
            self._version_box = data._box()
        self.persistent = persistent
        return self

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        pass
