"""Large arrays that are used again once nobody holds them.

Fresh memory of a few hundred kilobytes costs a page fault for every 4 KB, often more than the
arithmetic on it. An array is handed out again only when the reference that is kept here is the
only one: whoever holds it, or a view of it, keeps it.
"""

from __future__ import annotations

from collections import deque
from sys import getrefcount
from typing import Any

import numpy as np

SMALLEST = 1 << 15
"""Below this many bytes numpy's own allocation is as fast."""

LARGEST = 1 << 25
BUDGET = 1 << 27
"""How many bytes are kept in all before everything is let go."""

_kept: dict[tuple[tuple[int, ...], Any], deque[Any]] = {}
_total = 0


def scratch(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return an array with arbitrary contents that nobody else holds."""
    array = None
    waiting = _kept.get((shape, dtype))
    if waiting:
        # Taken out while it is looked at, so that no other thread can take it too.
        try:
            array = waiting.popleft()
        except IndexError:  # another thread has just taken the last one
            array = None
        else:
            if getrefcount(array) != _ALONE:
                waiting.append(array)
                array = None
    if array is None:
        array = np.empty(shape, dtype)
        if not SMALLEST <= array.nbytes <= LARGEST:
            return array
        waiting = _admitted(shape, dtype, array.nbytes)
    assert waiting is not None
    waiting.append(array)
    return array


def _admitted(shape: tuple[int, ...], dtype: Any, size: int) -> deque[Any]:
    """Return where arrays of this kind wait, after making room for one more."""
    global _total
    _total += size
    if _total > BUDGET:
        _kept.clear()
        _total = size
    return _kept.setdefault((shape, dtype), deque())


def _references_when_alone() -> int:
    # Python versions differ in what they count; the situation is that of `scratch`.
    waiting = deque([np.empty(0)])
    array = waiting.popleft()
    return getrefcount(array)


_ALONE = _references_when_alone()
