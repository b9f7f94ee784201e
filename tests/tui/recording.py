"""Writes what a run of scenarios/two_scalars.py leaves in a trace, without running anything."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

from gradstep.protocol.row import EventRow
from gradstep.trace.model import OptimizerState, TensorValue
from gradstep.trace.writer import TraceWriter

SCRIPT = "two_scalars.py"
SOURCE = (Path(__file__).resolve().parents[2] / "scenarios" / SCRIPT).read_text(encoding="utf-8")
X, Y = 1, 2
LINES = {
    text: next(n for n, line in enumerate(SOURCE.splitlines(), 1) if text in line)
    for text in ("torch.optim.SGD", "zero_grad()", "z = 3", "z.backward()", 'print(f"it', ".step()")
}


class Recorder:
    """Two scalars, plain gradient descent, `iterations` times round."""

    def __init__(self, path: Path) -> None:
        self.writer = TraceWriter(path, script=SCRIPT, argv=[SCRIPT], pid=1, started=0.0)
        self.writer.add_source(SCRIPT, SOURCE)
        self.seq = 0
        self.iteration = 0
        self.step = 0
        self.enclosing = 0
        self.phase = "other"
        self.tensor = 10
        self.versions = {X: 0, Y: 0}
        self.values = {X: 1.0, Y: 2.0}
        self.grads: dict[int, int | None] = {}

    def row(self, kind: str, name: str, line: int, tensors: Any = (), **more: Any) -> int:
        self.seq += 1
        fields = {
            "phase": self.phase,
            "iteration": self.iteration,
            "step": self.step,
            "file": SCRIPT,
            "line": line,
            "enclosing": self.enclosing,
            **more,
        }
        self.writer.add(EventRow(self.seq, kind, name=name, **fields), tensors)
        return self.seq

    def value(self, tensor: int, number: float, version: int = 0, seq: int = 0) -> None:
        self.writer.add_value(
            TensorValue(
                tensor, version, seq or self.seq, (1,), "float32", True,
                number, number, number, 0.0, abs(number), int(number == 0), 0, 0,
                struct.pack("<f", number),
            )
        )  # fmt: skip

    def new(self, number: float, name: str = "", how: str = "op") -> int:
        """A tensor that the coming event makes."""
        self.tensor += 1
        self.writer.add_tensor(self.tensor, self.seq + 1)
        self.value(self.tensor, number, seq=self.seq + 1)
        self.writer.add_name(self.tensor, self.seq + 1, name or f"op_{self.tensor}", how)
        return self.tensor

    def enter(self, phase: str, name: str, line: int, tensors: Any = ()) -> None:
        self.phase = phase
        self.enclosing = self.row("phase_entered", name, line, tensors, enclosing=0)

    def leave(self, name: str, line: int) -> None:
        if self.phase == "step":
            self.step += 1
        self.row("phase_exited", name, line)
        self.phase, self.enclosing = "other", 0

    def start(self) -> None:
        self.row("run_started", SCRIPT, 0)
        for tensor, name in ((X, "x"), (Y, "y")):
            self.writer.add_tensor(tensor, self.seq, is_leaf=True, is_parameter=True)
            self.writer.add_name(tensor, self.seq, name, "variable")
            self.value(tensor, self.values[tensor])
        seq = self.row("optimizer_created", "SGD", LINES["torch.optim.SGD"])
        group = {"params": [X, Y], "lr": 0.1, "momentum": 0.0, "weight_decay": 0.0}
        self.writer.add_optimizer(OptimizerState(1, "SGD", "optimizer", seq, (group,)))

    def iterate(self) -> None:
        self.iteration += 1
        line = LINES["zero_grad()"]
        self.enter("zero_grad", "SGD.zero_grad", line)
        for tensor in (X, Y):
            before = self.grads.get(tensor)
            uses = [("param", tensor, self.versions[tensor]), ("before", before, 0)]
            seq = self.row("zeroed", "xy"[tensor - 1], line, [*uses, ("after", None, 0)])
            self.writer.add_grad(tensor, seq, None)
            self.grads[tensor] = None
        self.leave("SGD.zero_grad", line)
        self.forward()
        self.backward()
        self.row("output", "stdout", LINES["print(f\"it"],
                 detail={"text": f"iteration {self.iteration - 1}: done\n"})  # fmt: skip
        self.update()

    def op(self, name: str, inputs: list[tuple[int, int]], number: float, label: str = "") -> int:
        out = self.new(number, label, "variable" if label else "op")
        uses = [("input", tensor, version) for tensor, version in inputs]
        node = f"{name.capitalize()}Backward0"
        self.op_seq[out] = self.row(
            "op", name, LINES["z = 3"], [*uses, ("output", out, 0)],
            detail={"attributes": {}, "nodes": [node], "grad_fn": node},
        )  # fmt: skip
        return out

    def forward(self) -> None:
        x, y = self.values[X], self.values[Y]
        self.op_seq: dict[int, int] = {}
        self.enter("forward", "forward", LINES["z = 3"])
        self.x2 = self.op("pow", [(X, self.versions[X])], x * x)
        self.x3 = self.op("mul", [(self.x2, 0)], 3 * x * x)
        self.y3 = self.op("pow", [(Y, self.versions[Y])], y**3)
        self.z = self.op("add", [(self.x3, 0), (self.y3, 0)], 3 * x * x + y**3, "z")
        self.leave("forward", LINES["z = 3"])

    def node(self, name: str, of: int, grad: int, outs: list[float], nexts: list[str]) -> list[int]:
        made = [self.new(number, f"grad_{name}_{self.seq}") for number in outs]
        self.row(
            "node", f"{name}Backward0", LINES["z = 3"],
            [("grad_output", grad, 0), *(("grad_input", one, 0) for one in made)],
            op=self.op_seq[of], call_file=SCRIPT, call_line=LINES["z.backward()"],
            detail={"next": nexts},
        )  # fmt: skip
        return made

    def accumulate(self, leaf: int, contribution: int, number: float) -> None:
        after = self.new(number, f"{'xy'[leaf - 1]}.grad", "variable")
        uses = [("param", leaf, self.versions[leaf]), ("contribution", contribution, 0)]
        seq = self.row(
            "accumulated", "xy"[leaf - 1], LINES["z = 3"],
            [*uses, ("before", None, 0), ("after", after, 0)],
            call_file=SCRIPT, call_line=LINES["z.backward()"],
            detail={"backward": self.enclosing},
        )  # fmt: skip
        self.writer.add_grad(leaf, seq, after)
        self.grads[leaf] = after

    def backward(self) -> None:
        x, y = self.values[X], self.values[Y]
        self.enter("backward", "backward", LINES["z.backward()"], [("root", self.z, 0)])
        one = self.new(1.0)
        to_x, to_y = self.node("Add", self.z, one, [1.0, 1.0], ["MulBackward0", "PowBackward0"])
        (dy,) = self.node("Pow", self.y3, to_y, [3 * y * y], ["AccumulateGrad"])
        self.accumulate(Y, dy, 3 * y * y)
        (dx2,) = self.node("Mul", self.x3, to_x, [3.0], ["PowBackward0"])
        (dx,) = self.node("Pow", self.x2, dx2, [6 * x], ["AccumulateGrad"])
        self.accumulate(X, dx, 6 * x)
        self.leave("backward", LINES["z.backward()"])

    def update(self) -> None:
        line = LINES[".step()"]
        self.enter("step", "SGD.step", line)
        for index, leaf in enumerate((X, Y)):
            slope = 6 * self.values[X] if leaf == X else 3 * self.values[Y] ** 2
            self.values[leaf] -= 0.1 * slope
            before = self.versions[leaf]
            self.versions[leaf] += 1
            uses = [("param", leaf, before + 1), ("before", leaf, before)]
            self.row(
                "updated", "xy"[leaf - 1], line, [*uses, ("grad", self.grads[leaf], 0)],
                detail={
                    "optimizer": 1, "class": "SGD", "group": 0, "index": index,
                    "hyper": {"lr": 0.1, "momentum": 0.0, "weight_decay": 0.0},
                    "state": {}, "state_before": {},
                },
            )  # fmt: skip
            self.value(leaf, self.values[leaf], self.versions[leaf])
        self.leave("SGD.step", line)


def record_two_scalars(path: Path, iterations: int = 3, *, finish: bool = True) -> Path:
    """Write the trace; with `finish`, as of a script that ended well."""
    recorder = Recorder(path)
    recorder.start()
    for _ in range(iterations):
        recorder.iterate()
    if finish:
        recorder.row("run_finished", "", 0, detail={"exit_status": 0, "error": None})
        recorder.writer.finish(0)
    recorder.writer.close()
    assert math.isfinite(recorder.values[X])
    return path
