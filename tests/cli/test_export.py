"""Contents and non-finite numbers in JSON lines."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from gradstep.export import json_lines
from gradstep.protocol.row import EventRow
from gradstep.trace.model import TensorValue
from gradstep.trace.reader import Trace
from gradstep.trace.writer import TraceWriter


def exported(path: Path, shape: tuple[int, ...], *items: float) -> dict[str, Any]:
    """Record one tensor and return what the export says of it, contents included."""
    content = struct.pack(f"<{len(items)}f", *items)
    with TraceWriter(path, script="s.py") as writer:
        statistics = (None, float("inf"), 0.5, 0.0, 1.0)
        value = TensorValue(1, 0, 1, shape, "float32", False, *statistics, 0, 1, 1, content)
        writer.add_value(value)
        detail = {"norm": float("nan")}
        row = EventRow(1, "op", "forward", 1, 0, name="add", detail=detail)
        writer.add(row, [("output", 1, 0), ("input", None, 0)])
        writer.finish(0)
    with Trace.open(path) as trace:
        (line,) = json_lines(trace.run(), values=True)
    event: dict[str, Any] = json.loads(line, parse_constant=pytest.fail)
    assert event["detail"] == {"norm": "nan"}
    assert event["tensors"][1]["id"] is None
    return dict(event["tensors"][0])


@pytest.mark.parametrize(
    ("shape", "items", "data"),
    [
        ((), [1.5], 1.5),
        ((3,), [1, 2, 3], [1, 2, 3]),
        ((2, 2), [1, 2, 3, 4], [[1, 2], [3, 4]]),
        ((2, 1, 2), [1, 2, 3, 4], [[[1, 2]], [[3, 4]]]),
        ((0,), [], []),
        ((2, 0), [], [[], []]),
        ((2,), [float("nan"), float("-inf")], ["nan", "-inf"]),
    ],
)
def test_contents(tmp_path: Path, shape: tuple[int, ...], items: list[float], data: Any) -> None:
    tensor = exported(tmp_path / "x.gradstep", shape, *items)
    assert tensor["data"] == data
    assert tensor["shape"] == list(shape)
    assert tensor["max"] == "inf"
    assert tensor["min"] is None
