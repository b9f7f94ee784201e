"""A hand-made loop of two and a half iterations, as rows."""

from __future__ import annotations

from typing import Any

from gradstep.protocol.row import EventRow

FILE = "/home/me/train.py"


def row(seq: int, kind: str, phase: str = "other", iteration: int = 0, **more: Any) -> EventRow:
    """One row; `line` stands in FILE unless told otherwise."""
    more.setdefault("file", FILE if more.get("line") else "")
    if more.get("call_line"):
        more.setdefault("call_file", FILE)
    return EventRow(seq, kind, phase, iteration, more.pop("step", 0), **more)


def loop(iterations: int = 3) -> list[EventRow]:
    """zero_grad (9), forward (10: linear in module fc, 11: mse_loss), backward (12), step (13)."""
    rows = [row(1, "run_started", name="train.py"), row(2, "op", name="randn", line=3)]
    for iteration in range(1, iterations + 1):
        first = len(rows) + 1
        step = iteration - 1

        def add(kind: str, phase: str, *, _i: int = iteration, _s: int = step, **more: Any) -> None:
            rows.append(row(len(rows) + 1, kind, phase, _i, step=_s, **more))

        add("phase_entered", "zero_grad", name="SGD.zero_grad", line=9, enclosing=first)
        add("zeroed", "zero_grad", name="fc.weight", line=9, enclosing=first)
        add("phase_exited", "zero_grad", name="SGD.zero_grad", line=9, enclosing=first)
        forward = len(rows) + 1
        calls = (iteration,)
        add("phase_entered", "forward", name="forward", line=10, enclosing=forward, calls=calls)
        linear = len(rows) + 1
        add(
            "op",
            "forward",
            name="linear",
            module="fc",
            calls=(*calls, iteration + 100),
            line=10,
            enclosing=forward,
        )
        loss = len(rows) + 1
        add("op", "forward", name="mse_loss", line=11, enclosing=forward)
        add("phase_exited", "forward", name="forward", line=11, enclosing=forward)
        backward = len(rows) + 1
        add("phase_entered", "backward", name="backward", line=12, enclosing=backward)
        for name, line, op in (("MseLossBackward0", 11, loss), ("AddmmBackward0", 10, linear)):
            add("node", "backward", name=name, line=line, call_line=12, op=op, enclosing=backward)
        add("accumulated", "backward", name="fc.weight", line=10, call_line=12, enclosing=backward)
        add("phase_exited", "backward", name="backward", line=12, enclosing=backward)
        update = len(rows) + 1
        add("phase_entered", "step", name="SGD.step", line=13, enclosing=update)
        add("updated", "step", name="fc.weight", line=13, enclosing=update)
        add("phase_exited", "step", _s=step + 1, name="SGD.step", line=13, enclosing=update)
    return rows


PER_ITERATION = 15
"""Rows per iteration; iteration n starts at row 3 + 15 (n - 1)."""
