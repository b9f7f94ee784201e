"""Earlier versions of a tensor or a gradient: the one before, one element through all of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from gradstep.trace.model import TensorValue
from gradstep.trace.moment import VALUE_COLUMNS, value_from_row
from gradstep.trace.numbers import decode, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradstep.trace.moment import Moment

MOST: Final = 200
"""Versions of one element that are read at most: the latest."""

MOST_BYTES: Final = 32_000_000
"""SQLite reads the contents of a version as a whole: of a large tensor there are fewer."""

Point = tuple[int, float]
"""(event that made the version, the element in it)."""


def previous_value(moment: Moment, tensor: int) -> TensorValue | None:
    """Return the version of a tensor before its latest by now.

    A tensor that has one version only is compared with the one that had its name before: the
    `loss` of this iteration with that of the last one.
    """
    found = _version(moment, tensor, moment.seq, skip=1)
    if found is not None:
        return found
    earlier = _earlier_holders(moment, tensor, 1)
    return moment.value(earlier[0]) if earlier else None


def previous_gradient(moment: Moment, param: int) -> TensorValue | None:
    """Return what the `.grad` of a leaf was before it became what it is, None if it never was.

    A `.grad` that was cleared between is looked through.
    """
    rows = moment.run.database.rows(
        "SELECT tensor, seq FROM grad WHERE run = ? AND param = ? AND seq <= ?"
        " ORDER BY seq DESC LIMIT ?",
        (moment.run.number, param, moment.seq, MOST),
    )
    if not rows:
        return None
    now, since = rows[0]
    if now is not None:
        within = _version(moment, now, moment.seq, skip=1)
        if within is not None:
            return within
    for tensor, seq in rows[1:]:
        if tensor is not None and tensor != now:
            return moment.run.value(tensor, since - 1)
        since = seq
    return None


def value_points(moment: Moment, tensor: int, index: Sequence[int]) -> list[Point]:
    """Return one element in the versions of a tensor whose contents are recorded, oldest first."""
    holders = [tensor, *_earlier_holders(moment, tensor, MOST)]
    return _points(moment, holders, index)


def gradient_points(moment: Moment, param: int, index: Sequence[int]) -> list[Point]:
    """Return one element in all that the `.grad` of a leaf was, oldest first."""
    rows = moment.run.database.rows(
        "SELECT DISTINCT tensor FROM grad WHERE run = ? AND param = ? AND seq <= ?"
        " AND tensor IS NOT NULL ORDER BY seq DESC LIMIT ?",
        (moment.run.number, param, moment.seq, MOST),
    )
    return _points(moment, [row[0] for row in rows], index)


def _version(moment: Moment, tensor: int, seq: int, *, skip: int) -> TensorValue | None:
    database = moment.run.database
    row = database.row(
        f"SELECT {VALUE_COLUMNS} FROM value WHERE run = ? AND tensor = ? AND seq <= ?"
        f" ORDER BY seq DESC, version DESC LIMIT 1 OFFSET {skip}",
        (moment.run.number, tensor, seq),
    )
    try:
        return None if row is None else value_from_row(row)
    except (ValueError, AttributeError, TypeError) as error:
        raise database.damaged(error) from None


def _earlier_holders(moment: Moment, tensor: int, most: int) -> list[int]:
    """Give the tensors that had the tensor's name before it, the latest first; leaves have none."""
    if moment.is_parameter(tensor):
        return []
    name = moment.name(tensor)
    rows = moment.run.database.rows(
        "SELECT tensor FROM tensor_name WHERE run = ? AND name = ? AND seq <= ? AND tensor < ?"
        " AND how <> 'op' ORDER BY seq DESC LIMIT ?",
        (moment.run.number, name, moment.seq, tensor, most),
    )
    return list(dict.fromkeys(row[0] for row in rows))


def _points(moment: Moment, tensors: Sequence[int], index: Sequence[int]) -> list[Point]:
    """Read one element of all versions of some tensors; whole arrays stay in SQLite."""
    database, found = moment.run.database, list[Point]()
    left, room = MOST, MOST_BYTES
    for tensor in tensors:
        latest = moment.value(tensor)
        place = _place(latest, index) if latest is not None else None
        if latest is None or place is None:
            continue
        size = size_of(latest.dtype)
        most = min(left, room // max(1, size * math.prod(latest.shape)) + 1)
        rows = database.rows(
            "SELECT seq, shape, dtype, substr(content, ?, ?) AS content FROM value"
            " WHERE run = ? AND tensor = ? AND seq <= ? AND content IS NOT NULL"
            " ORDER BY seq DESC, version DESC LIMIT ?",
            (place * size + 1, size, moment.run.number, tensor, moment.seq, most),
        )
        shape = ",".join(map(str, latest.shape))
        for seq, recorded, dtype, content in rows:
            if (recorded or "") == shape and dtype == latest.dtype and len(content) == size:
                found.append((seq, _number(latest, content)))
        left -= len(rows)
        room -= len(rows) * size * math.prod(latest.shape)
        if left <= 0 or room <= 0:
            break
    return sorted(found)


def _place(value: TensorValue, index: Sequence[int]) -> int | None:
    """Give the place of an element in the flat contents, None where there is no such element."""
    if len(index) != len(value.shape):
        return None
    place = 0
    for one, size in zip(index, value.shape, strict=True):
        if not 0 <= one < size:
            return None
        place = place * size + one
    return place


def _number(like: TensorValue, content: bytes) -> float:
    from dataclasses import replace

    try:
        return float(decode(replace(like, shape=(), content=content))[0])
    except ValueError:
        return math.nan  # A complex number has no place on a line.
