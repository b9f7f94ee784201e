"""Recorded runs made by hand."""

from __future__ import annotations

from pathlib import Path

from gradstep.protocol.row import EventRow
from gradstep.trace.model import OptimizerState, TensorValue
from gradstep.trace.writer import TraceWriter
from tests.protocol.rows import FILE, loop, row

WEIGHT, LOSS = 1, 2


def number(tensor: int, version: int, seq: int, value: float) -> TensorValue:
    """A recorded scalar without contents: its statistics say it all."""
    size = abs(value)
    return TensorValue(
        tensor, version, seq, (), "float32", True, value, value, value, 0.0, size, 0, 0, 0, None
    )


def write_loop(path: Path, iterations: int = 3, variable: str = "loss") -> list[EventRow]:
    """The loop of `tests/protocol/rows.py`, with losses 1, 1/2, 1/3 … as a finished run.

    The script's variable gets its name at the event after, as from the debuggee.
    """
    rows = loop(iterations)
    with TraceWriter(path, script=FILE, argv=["train.py"]) as writer:
        writer.add_name(WEIGHT, 2, "fc.weight", "parameter")
        for row in rows:
            uses = []
            loss, update = LOSS + row.iteration, row.iteration
            if row.name == "mse_loss":
                writer.add_value(number(loss, 0, row.seq, 1 / row.iteration))
                writer.add_name(loss, row.seq + 1, variable, "variable")
                uses = [("output", loss, 0)]
            elif row.kind == "phase_entered" and row.phase == "backward":
                uses = [("root", loss, 0)]
            elif row.kind == "updated":
                writer.add_value(number(WEIGHT, update, row.seq, 10.0 - update))
                uses = [("param", WEIGHT, update)]
            elif row.kind == "run_started":
                groups = ({"params": [WEIGHT], "lr": 0.5},)
                writer.add_optimizer(OptimizerState(1, "SGD", "optimizer", row.seq, groups))
            writer.add(row, uses)
        writer.finish(0)
    return rows


def write_prints(path: Path, texts: list[str]) -> None:
    """A run of an op and a print in turn: prints are the events 3, 5, 7 …"""
    with TraceWriter(path, script=FILE, argv=["train.py"]) as writer:
        writer.add(row(1, "run_started", name="train.py"))
        for index, text in enumerate(texts):
            writer.add(row(2 * index + 2, "op", name="add", line=3))
            detail = {"text": text}
            writer.add(row(2 * index + 3, "output", name="stdout", line=4, detail=detail))
        writer.finish(0)
