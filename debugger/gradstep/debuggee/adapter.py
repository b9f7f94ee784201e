"""Looks at a tensor of our engine: who it is, and the statistics and bytes of its contents."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

CONTENT_ELEMENTS: Final = 1_000_000
"""A tensor with more elements than this is kept as statistics only."""

SMALL: Final = 4096
"""The statistics of a tensor with no more elements than this are made with those of others."""

_BLOCK: Final = 65536
"""Elements that are widened to float64 at once: statistics cost no second copy of a tensor."""


_names: Final[dict[Any, str]] = {}  # numpy makes a dtype's name anew each time.


class Statistics(NamedTuple):
    """What a `TensorValue` says of the numbers; NaN and Inf are counted and otherwise ignored."""

    min: float | None
    max: float | None
    mean: float | None
    std: float | None
    norm: float | None
    zeros: int = 0
    nan: int = 0
    inf: int = 0


_EMPTY: Final = Statistics(None, None, None, None, None)


def identity(tensor: Any) -> tuple[int, int]:
    """Return (id, version) of a tensor."""
    # What the properties `uid` and `_version` say, without their calls: this is asked most.
    box = tensor._version_box
    # The box of an inference tensor is empty: there is no version to read.
    return tensor._uid or tensor.uid, box[0] if box else 0


def array_of(tensor: Any) -> Any:
    """Return the array of a tensor; an uninitialized parameter's, which scripts cannot use, too."""
    try:
        return tensor._array
    except ValueError:  # it has no shape yet
        return tensor._placeholder


def shape_and_dtype(tensor: Any) -> tuple[tuple[int, ...], str]:
    """Return the shape and the dtype's plain name (`float32`)."""
    array = array_of(tensor)
    dtype = array.dtype
    name = _names.get(dtype)
    if name is None:
        name = _names[dtype] = dtype.name
    return array.shape, name


def is_small(tensor: Any) -> bool:
    """Tell whether a tensor's contents may wait for their statistics."""
    return bool(array_of(tensor).size <= SMALL)


def contents(tensor: Any) -> bytes:
    """Return the contents, little-endian in C order."""
    array = array_of(tensor)
    if sys.byteorder == "big":
        array = array.astype(array.dtype.newbyteorder("<"))
    data: bytes = array.tobytes()
    return data


def content(tensor: Any) -> bytes | None:
    """Return the contents; None if the tensor is too large to keep."""
    return None if array_of(tensor).size > CONTENT_ELEMENTS else contents(tensor)


def statistics(tensor: Any) -> Statistics:
    """Return the statistics of a tensor's numbers; `std` is the population's."""
    array = array_of(tensor)
    size = array.size
    if size == 1:
        return _of_number(array.item())
    if size == 0:
        return _EMPTY
    import numpy as np

    # The script may have asked numpy to raise on overflow; ours is not its business.
    with np.errstate(all="ignore"):
        return _of_array(array.reshape(-1))


def nan_and_inf(tensor: Any) -> tuple[bool, bool]:
    """Tell whether a tensor holds NaN, and whether it holds an infinity."""
    array = tensor._array
    if array.dtype.kind not in "fc":
        return False, False
    if array.size == 1:
        statistics_of_one = _of_number(array.item())
        return statistics_of_one.nan > 0, statistics_of_one.inf > 0
    import numpy as np

    if np.isfinite(array).all():
        return False, False
    return bool(np.isnan(array).any()), bool(np.isinf(array).any())


def summarise(found: Sequence[tuple[str, bytes]]) -> list[Statistics]:
    """Return the statistics of many contents, each given with its dtype.

    Those of one dtype and size become the rows of one array: numpy is called once for all.
    """
    import numpy as np

    groups: dict[tuple[str, int], list[int]] = {}
    for position, (dtype, data) in enumerate(found):
        groups.setdefault((dtype, len(data)), []).append(position)
    made: dict[int, Statistics] = {}
    with np.errstate(all="ignore"):
        for (dtype, length), positions in groups.items():
            kind = np.dtype(dtype).newbyteorder("<")
            if not length:
                made.update(dict.fromkeys(positions, _EMPTY))
                continue
            rows = max(1, _BLOCK * kind.itemsize // length)
            for start in range(0, len(positions), rows):
                part = positions[start : start + rows]
                data = b"".join([found[position][1] for position in part])
                table = np.frombuffer(data, kind).reshape(len(part), -1)
                made.update(zip(part, _of_rows(table), strict=True))
    return [made[position] for position in range(len(found))]


def _of_number(number: Any) -> Statistics:
    if isinstance(number, complex):
        number = abs(number)
    value = float(number)
    if value - value != 0.0:
        is_nan = value != value
        return Statistics(None, None, None, None, None, 0, int(is_nan), int(not is_nan))
    return Statistics(value, value, value, 0.0, abs(value), int(value == 0.0))


def _of_array(flat: Any) -> Statistics:
    import numpy as np

    kind = flat.dtype.kind
    if kind == "c":
        flat, kind = np.abs(flat), "f"
    size = flat.size
    if size <= _BLOCK:
        wide = flat.astype(np.float64)
        total = float(np.add.reduce(wide))
        if total - total == 0.0:
            return _of_finite(wide, total)
    nan = inf = 0
    if kind == "f":
        nan = int(np.count_nonzero(np.isnan(flat)))
        inf = int(np.count_nonzero(np.isinf(flat)))
        if nan or inf:
            flat = flat[np.isfinite(flat)]
    if flat.size == 0:
        return Statistics(None, None, None, None, None, 0, nan, inf)
    return _of_blocks(flat, nan, inf)


def _of_finite(wide: Any, total: float) -> Statistics:
    """Statistics of one block of float64, all of them finite."""
    import numpy as np

    size = wide.size
    mean = total / size
    low = float(np.minimum.reduce(wide))
    high = float(np.maximum.reduce(wide))
    squares = float(np.dot(wide, wide))
    centred = wide - mean
    spread = float(np.dot(centred, centred))
    zeros = 0 if low > 0.0 or high < 0.0 else size - int(np.count_nonzero(wide))
    return Statistics(low, high, mean, math.sqrt(spread / size), math.sqrt(squares), zeros)


def _of_rows(table: Any) -> list[Statistics]:
    """Statistics of each row of a 2-d array."""
    import numpy as np

    count, size = table.shape
    if count == 1:
        row = table[0]
        return [_of_number(row.item()) if size == 1 else _of_array(row)]
    wide = (np.abs(table) if table.dtype.kind == "c" else table).astype(np.float64)
    totals = np.add.reduce(wide, axis=1)
    means = totals / size
    centred = wide - means[:, None]
    columns = (
        np.minimum.reduce(wide, axis=1).tolist(),
        np.maximum.reduce(wide, axis=1).tolist(),
        means.tolist(),
        np.sqrt(np.einsum("ij,ij->i", centred, centred) / size).tolist(),
        np.sqrt(np.einsum("ij,ij->i", wide, wide)).tolist(),
        (size - np.count_nonzero(wide, axis=1)).tolist(),
    )
    made = [Statistics(*row) for row in zip(*columns, strict=True)]
    for position in np.flatnonzero(~np.isfinite(totals)).tolist():
        made[position] = _of_array(table[position])
    return made


def _of_blocks(flat: Any, nan: int, inf: int) -> Statistics:
    import numpy as np

    low, high, total, squares, zeros = math.inf, -math.inf, 0.0, 0.0, 0
    blocks = range(0, flat.size, _BLOCK)
    for start in blocks:
        wide = flat[start : start + _BLOCK].astype(np.float64)
        low = min(low, float(np.minimum.reduce(wide)))
        high = max(high, float(np.maximum.reduce(wide)))
        total += float(np.add.reduce(wide))
        squares += float(np.dot(wide, wide))
        zeros += wide.size - int(np.count_nonzero(wide))
    mean = total / flat.size
    # A second pass: the difference of squares would lose everything when mean >> std.
    spread = 0.0
    for start in blocks:
        centred = flat[start : start + _BLOCK].astype(np.float64) - mean
        spread += float(np.dot(centred, centred))
    std = math.sqrt(spread / flat.size)
    return Statistics(low, high, mean, std, math.sqrt(squares), zeros, nan, inf)
