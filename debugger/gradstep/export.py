"""A recorded run as JSON lines, one event each, made as they are read: a long run costs no memory.

JSON has no NaN and no infinities; they are written as the strings "nan", "inf" and "-inf".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gradstep.protocol.row import EventRow
from gradstep.trace.model import TensorRef, TensorValue
from gradstep.trace.moment import Moment
from gradstep.trace.numbers import decode
from gradstep.trace.reader import RunTrace

_FIELDS: Final = (
    *("seq", "kind", "phase", "iteration", "step"),
    *("name", "module", "file", "line"),
)
_STATISTICS: Final = ("min", "max", "mean", "std", "norm", "zeros", "nan", "inf")
_WINDOW: Final = 256

_encode: Final = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode


def json_lines(run: RunTrace, *, values: bool = False) -> Iterator[str]:
    """Yield a line, with its end, for every event of a run; `values` adds recorded contents."""
    head = run.head
    for start in range(1, head + 1, _WINDOW):
        stop = min(start + _WINDOW, head + 1)
        tensors = run.tensors_between(start, stop)
        for row in run.events(start, stop):
            yield _encode(_event(run, row, tensors.get(row.seq, ()), values)) + "\n"


def _event(
    run: RunTrace, row: EventRow, references: Sequence[TensorRef], values: bool
) -> dict[str, Any]:
    fields: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
    moment = run.at(row.seq)
    fields["tensors"] = [_tensor(moment, reference, values) for reference in references]
    fields["detail"] = finite(row.detail)
    if row.kind == "run_started":
        fields["edits"] = sum(1 for _ in run.events(1, None, kinds=("edited", "skipped")))
    return fields


def _tensor(moment: Moment, reference: TensorRef, values: bool) -> dict[str, Any]:
    if reference.tensor is None:
        return {"role": reference.role, "name": None, "id": None, "version": None}
    fields: dict[str, Any] = {
        "role": reference.role,
        "name": moment.name(reference.tensor),
        "id": reference.tensor,
        "version": reference.version,
    }
    value = moment.version(reference.tensor, reference.version)
    if value is None:
        return fields
    fields["shape"] = value.shape
    fields["dtype"] = value.dtype
    fields.update({name: finite(getattr(value, name)) for name in _STATISTICS})
    if values and value.content is not None:
        fields["data"] = _nested(value)
    return fields


def _nested(value: TensorValue) -> Any:
    """The elements as lists in lists, as the shape says; a bare number for a scalar."""
    items: list[Any] = [finite(item) for item in decode(value)]
    if not value.shape:
        return items[0]
    for size in reversed(value.shape[1:]):
        count = len(items) // size if size else math.prod(value.shape[:-1])
        items = [items[index * size : (index + 1) * size] for index in range(count)]
    return items


def finite(item: Any) -> Any:
    """Return `item` with every float that JSON lacks replaced by its name."""
    if isinstance(item, float) and not math.isfinite(item):
        return "nan" if math.isnan(item) else ("inf" if item > 0 else "-inf")
    if isinstance(item, Mapping):
        return {key: finite(value) for key, value in item.items()}
    if isinstance(item, (list, tuple)):
        return [finite(value) for value in item]
    return item
