"""What left the graph as a number or an array, so that it is known again when it comes back.

Python gives nothing to follow a value with, so what is recognised is the very object: the float
that `item()` returned, the array that `numpy()` shares. A number or an array computed from one is a
stranger. Filled only while somebody listens; keeps no tensor and no array alive.
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from gradstep_engine.autograd.variable import wrap

KEPT: Final = 256
"""Objects of each kind that are remembered, the latest ones."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A tensor of the graph as it was when its value left."""

    tensor: weakref.ref[Any]
    uid: int
    version: int

    def found(self, array: Any) -> Any:
        """Return the tensor, or where it is gone one that stands for it in an event."""
        tensor = self.tensor()
        if tensor is None:
            tensor = wrap(array)
            tensor._uid, tensor._version_box = self.uid, [self.version]
            tensor._requires_grad = True
        return tensor


_limiting = threading.Lock()
_numbers: dict[int, tuple[float, _Source]] = {}
_arrays: dict[int, tuple[weakref.ref[Any], _Source]] = {}


def remember_number(number: Any, source: Any) -> None:
    """Note that a float is the value of `source`; small integers are shared objects and no use."""
    if type(number) is float:
        # The number is held, so that no other object can get its id.
        _numbers[id(number)] = number, _noted(source)
        _limit(_numbers)


def remember_array(array: Any, source: Any) -> None:
    """Note that an array, of whatever tensor, has the memory of `source`."""
    if type(array) is np.ndarray:
        _arrays[id(array)] = weakref.ref(array), _noted(source)
        _limit(_arrays)


def source_of_number(number: Any) -> Any | None:
    """Return the tensor that a number is the value of, None for any other number."""
    if type(number) is not float:
        return None
    found = _numbers.get(id(number))
    return None if found is None else found[1].found(np.array(number))


def source_of_array(array: Any) -> Any | None:
    """Return the tensor of the graph whose memory an array has, None for any other array."""
    owner = array
    while type(owner) is np.ndarray:
        found = _arrays.get(id(owner))
        if found is not None and found[0]() is owner:
            return found[1].found(owner)
        owner = owner.base
    return None


def _noted(source: Any) -> _Source:
    return _Source(weakref.ref(source), source.uid, source._version)


def _limit(kept: dict[int, Any]) -> None:
    if len(kept) > KEPT:
        with _limiting:  # what other threads add meanwhile stands behind the first
            for first in tuple(kept)[: len(kept) - KEPT]:
                del kept[first]
