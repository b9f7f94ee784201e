"""What left the graph as a number or an array, so that it is known again when it comes back.

Python gives nothing to follow a value with, so what is recognised is the very object: the float
that `item()` returned, the array that `numpy()` shares. A number or an array computed from one is a
stranger. Filled only while somebody listens; holds no tensor.
"""

from __future__ import annotations

import weakref
from typing import Any, Final

KEPT: Final = 256
"""Objects of each kind that are remembered, the latest ones."""

_numbers: dict[int, tuple[float, weakref.ref[Any]]] = {}
_arrays: dict[int, tuple[weakref.ref[Any], weakref.ref[Any]]] = {}


def remember_number(number: Any, source: Any) -> None:
    """Note that a float is the value of `source`; small integers are shared objects and no use."""
    if type(number) is float:
        # The number is held, so that no other object can get its id.
        _numbers[id(number)] = number, weakref.ref(source)
        _limit(_numbers)


def remember_array(array: Any, source: Any) -> None:
    """Note that an array, of whatever tensor, has the memory of `source`."""
    try:
        _arrays[id(array)] = weakref.ref(array), weakref.ref(source)
    except TypeError:
        return  # A numpy scalar: each has its own memory.
    _limit(_arrays)


def source_of_number(number: Any) -> Any | None:
    """Return the tensor that a number is the value of, None for any other number."""
    if type(number) is not float:
        return None
    found = _numbers.get(id(number))
    return None if found is None else found[1]()


def source_of_array(array: Any) -> Any | None:
    """Return the tensor of the graph whose memory an array has, None for any other array."""
    while array is not None:
        found = _arrays.get(id(array))
        if found is not None and found[0]() is array:
            return found[1]()
        array = getattr(array, "base", None)
    return None


def _limit(kept: dict[int, Any]) -> None:
    if len(kept) > KEPT:
        del kept[next(iter(kept))]
