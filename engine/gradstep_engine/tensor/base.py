"""What a tensor holds. Methods by topic live beside this file."""

from __future__ import annotations

import weakref
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from gradstep_engine import events

if TYPE_CHECKING:
    from gradstep_engine.autograd.node import AccumulateGrad, Node

_uids = count(1)


class Tensor:
    """An n-dimensional array that can take part in backward.

    `_array` is the numpy array (a numpy scalar for 0-d results of ops, which is much faster). Class
    attributes are defaults, so that making a tensor stores one attribute only.
    """

    _array: Any
    _requires_grad: bool = False
    _grad: Tensor | None = None
    grad_fn: Node | None = None
    output_nr: int = 0
    _accumulator: weakref.ref[AccumulateGrad] | None = None
    _grad_owner: weakref.ref[Tensor] | None = None
    _version_box: list[int] | None = None
    _base: Tensor | None = None
    _uid: int = 0

    @property
    def uid(self) -> int:
        """A number that no other tensor of this process has had or will have."""
        if not self._uid:
            self._uid = next(_uids)
        return self._uid

    @property
    def _version(self) -> int:
        return 0 if self._version_box is None else self._version_box[0]

    def _box(self) -> list[int]:
        """Return the version counter, shared with all tensors on the same memory."""
        if self._version_box is None:
            self._version_box = [0]
        return self._version_box

    def _bump(self) -> None:
        self._box()[0] += 1

    def _share_storage(self, source: Tensor) -> None:
        self._version_box = source._box()

    def _writable(self) -> np.ndarray[Any, Any]:
        """Return the array for an in-place change; a numpy scalar becomes a 0-d array first."""
        if type(self._array) is not np.ndarray:
            self._array = np.array(self._array)
        array: np.ndarray[Any, Any] = self._array
        return array

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded for backward."""
        return self._requires_grad or self.grad_fn is not None

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor: gradients accumulate in leaves."""
        return self.grad_fn is None

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient, None until a backward has reached this tensor."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        before = self._grad
        if value is not None and value._array.shape != self._array.shape:
            raise RuntimeError(
                f"assigned grad has data of a different size: {list(value._array.shape)} for a "
                f"tensor of {list(self._array.shape)}"
            )
        self._grad = value
        if value is not None:
            value._grad_owner = weakref.ref(self)
        listener = events.listener
        if listener is not None:
            if value is None:
                listener(events.Zeroed(self, before, None))
            else:
                listener(events.Written(self, "grad"))

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
    ) -> None:
        """Accumulate d(self)/d(leaf) into `.grad` of every leaf; see `autograd.backward`."""
        from gradstep_engine.autograd.backward import backward

        backward(self, gradient, retain_graph, create_graph)


def wrap(array: Any) -> Tensor:
    """Return a tensor on `array` without copying; it requires no grad."""
    tensor = Tensor.__new__(Tensor)
    tensor._array = array
    return tensor
