"""Copies by `copy` and `pickle`: values and flags, never the graph or who listens."""

from __future__ import annotations

import copy
from typing import Any

from gradstep_engine.autograd.variable import TensorBase, wrap

_OF_THE_ENGINE = frozenset(TensorBase.__annotations__)


class Copying(TensorBase):
    """What `copy.copy`, `copy.deepcopy` and `pickle` ask of a tensor."""

    def __deepcopy__(self, memo: dict[Any, Any]) -> Any:
        """Copy the values, the gradient and what the user attached.

        Raises:
            RuntimeError: an operation made the tensor.
        """
        if id(self) in memo:
            return memo[id(self)]
        if self.grad_fn is not None:
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment.  If you were attempting to deepcopy a module, this may be "
                "because of a torch.nn.utils.weight_norm usage, see "
                "https://github.com/pytorch/pytorch/pull/103001"
            )
        kind = type(self)
        result = kind.__new__(kind)
        memo[id(self)] = result
        result._array = self._array.copy(order="K") if self._array.ndim else self._array.copy()
        result._requires_grad = self._requires_grad
        if self._grad is not None:
            result._grad = wrap(self._grad._array.copy())
        result.__dict__.update(copy.deepcopy(_attached(self), memo))
        return result

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Say what to make it of: the array, the flag and what the user attached; no gradient."""
        parts = (type(self), self._array, self.requires_grad)
        return (_restored, parts, _attached(self) or None)


def _attached(tensor: TensorBase) -> dict[str, Any]:
    """Return the attributes that the engine knows nothing of."""
    return {name: value for name, value in tensor.__dict__.items() if name not in _OF_THE_ENGINE}


def _restored(kind: type[TensorBase], array: Any, requires_grad: bool) -> TensorBase:
    """Return a tensor of a class on `array`."""
    tensor: TensorBase = TensorBase.__new__(kind)
    tensor._array = array
    tensor._requires_grad = requires_grad
    return tensor
