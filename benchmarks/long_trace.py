"""Writes a trace of a long training run through the real writer, without running anything.

    python benchmarks/long_trace.py long.gradstep
    python benchmarks/long_trace.py long.gradstep --events 100000

A loop of zero_grad, two linear layers, a loss, backward and SGD with momentum, 29 events a round,
each with its tensors' statistics, names, gradients and optimizer state. Losses fall; in one round
near the end a gradient is NaN, so that there is something to search for. Contents are left out:
they decide how large the file is, not how long a motion takes.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "debugger")]

from gradstep.protocol.row import EventRow  # noqa: E402
from gradstep.trace.model import OptimizerState, TensorValue  # noqa: E402
from gradstep.trace.writer import TraceWriter  # noqa: E402

SCRIPT = "/home/me/train.py"
SOURCE = """\
import torch

torch.manual_seed(0)
net = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
inputs, targets = torch.randn(32, 8), torch.randn(32, 1)
while True:
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(net(inputs), targets)
    loss.backward()
    optimizer.step()
    print(f"loss {loss.item():.4f}")
"""
PARAMETERS = {"0.weight": (16, 8), "0.bias": (16,), "2.weight": (1, 16), "2.bias": (1,)}
OPS = (
    ("linear", "0", "AddmmBackward0", (32, 16)),
    ("relu", "1", "ReluBackward0", (32, 16)),
    ("linear", "2", "AddmmBackward0", (32, 1)),
    ("mse_loss", "", "MseLossBackward0", ()),
)


class LongRun:
    """Numbers events and tensors, and writes them."""

    def __init__(self, path: Path, nan_at: int) -> None:
        """Begin a run; in the round `nan_at` a gradient is NaN."""
        self.writer = TraceWriter(path, script=SCRIPT, argv=["train.py"], pid=1, detail="events")
        self.writer.add_source(SCRIPT, SOURCE)
        self.nan_at = nan_at
        self.seq = self.iteration = self.step = self.enclosing = 0
        self.phase = "other"
        self.about: dict[str, Any] = {}
        self.ids = count(1)
        self.params = {name: next(self.ids) for name in PARAMETERS}
        self.buffers = {name: next(self.ids) for name in PARAMETERS}
        self.grads: dict[str, int] = {}
        self._start()

    def row(self, kind: str, name: str, line: int, uses: Sequence[Any] = (), **more: Any) -> int:
        """Write one event."""
        self.seq += 1
        fields: dict[str, Any] = {
            "phase": self.phase,
            "iteration": self.iteration,
            "step": self.step,
            "file": SCRIPT,
            "line": line,
            "enclosing": self.enclosing,
        }
        self.writer.add(EventRow(self.seq, kind, name=name, **{**fields, **more}), uses)
        return self.seq

    def value(
        self, tensor: int, shape: tuple[int, ...], size: float, version: int = 0, seq: int = 0
    ) -> int:
        """Write a version of a tensor whose numbers are about `size`, seen at the coming event."""
        bad = math.isnan(size)
        known = None if bad else size
        self.writer.add_value(
            TensorValue(
                tensor, version, seq or self.seq + 1, shape, "float32", True,
                known, known, known, None if bad else 0.1,
                None if bad else abs(size) * math.sqrt(math.prod(shape)),
                0, math.prod(shape) if bad else 0, 0, None,
            )
        )  # fmt: skip
        return tensor

    def new(self, shape: tuple[int, ...], size: float, name: str = "", how: str = "op") -> int:
        """Write a tensor that the coming event makes."""
        tensor = next(self.ids)
        self.writer.add_tensor(tensor, self.seq + 1)
        if name:
            self.writer.add_name(tensor, self.seq + 1, name, how)
        return self.value(tensor, shape, size)

    def enter(self, phase: str, name: str, line: int, uses: Sequence[Any] = ()) -> None:
        """Begin a phase."""
        self.phase = phase
        self.about = {"optimizer": 1} if phase in ("zero_grad", "step") else {}
        self.enclosing = self.row(
            "phase_entered", name, line, uses, enclosing=self.seq + 1, detail=self.about
        )

    def leave(self, name: str, line: int) -> None:
        """End it."""
        self.step += self.phase == "step"
        self.row("phase_exited", name, line, detail=self.about)
        self.phase, self.enclosing = "other", 0

    def _start(self) -> None:
        self.row("run_started", SCRIPT, 0)
        for name, shape in PARAMETERS.items():
            tensor = self.params[name]
            self.writer.add_tensor(tensor, 1, is_leaf=True, is_parameter=True)
            self.writer.add_name(tensor, 1, name, "parameter")
            self.value(tensor, shape, 0.5)
        group = {"params": list(self.params.values()), "lr": 1e-3, "momentum": 0.9}
        seq = self.row("optimizer_created", "SGD", 5)
        self.writer.add_optimizer(OptimizerState(1, "SGD", "optimizer", seq, (group,)))

    def round(self) -> None:
        """Write one round of the loop."""
        self.iteration += 1
        decay = 1 / math.sqrt(self.iteration)
        self.enter("zero_grad", "SGD.zero_grad", 8)
        for name, param in self.params.items():
            uses = [("param", param, self.step), ("before", self.grads.get(name), 0)]
            seq = self.row("zeroed", name, 8, [*uses, ("after", None, 0)])
            self.writer.add_grad(param, seq, None)
        self.leave("SGD.zero_grad", 8)
        loss, seqs = self._forward(decay)
        self._backward(decay, loss, seqs)
        self._update(decay)
        self.row("output", "stdout", 12, detail={"text": f"loss {decay:.4f}\n"})

    def _forward(self, decay: float) -> tuple[int, list[int]]:
        self.enter("forward", "forward", 9)
        taken, seqs = 0, []
        for number, (name, module, node, shape) in enumerate(OPS):
            out = self.new(shape, decay, f"{name}_{self.iteration}")
            uses = [("input", taken or None, 0)]
            calls = (2 * self.iteration, 2 * self.iteration + 1) if module else ()
            detail = {"nodes": [node], "grad_fn": node}
            seqs.append(
                self.row(
                    "op", name, 9, [*uses, ("output", out, 0)],
                    module=module, calls=(*calls, number) if calls else (), detail=detail,
                )
            )  # fmt: skip
            taken = out
        self.writer.add_name(taken, self.seq + 1, "loss", "variable")
        self.leave("forward", 9)
        return taken, seqs

    def _backward(self, decay: float, loss: int, seqs: list[int]) -> None:
        self.enter("backward", "backward", 10, [("root", loss, 0)])
        size = math.nan if self.iteration == self.nan_at else decay
        arriving = self.new((), 1.0)
        for number in reversed(range(len(OPS))):
            given = self.new(OPS[number - 1][3] if number else (32, 8), size)
            self.row(
                "node", OPS[number][2], 9, [("grad_output", arriving, 0), ("grad_input", given, 0)],
                op=seqs[number], call_file=SCRIPT, call_line=10, detail={"next": []},
            )  # fmt: skip
            arriving = given
        for name, param in reversed(self.params.items()):
            grad = self.new(PARAMETERS[name], size)
            uses = [("param", param, self.step), ("before", None, 0), ("after", grad, 0)]
            seq = self.row(
                "accumulated", name, 9, uses, op=0, call_file=SCRIPT, call_line=10,
                detail={"backward": self.enclosing},
            )  # fmt: skip
            self.writer.add_grad(param, seq, grad)
            self.grads[name] = grad
        self.leave("backward", 10)

    def _update(self, decay: float) -> None:
        self.enter("step", "SGD.step", 11)
        for index, (name, param) in enumerate(self.params.items()):
            self.value(param, PARAMETERS[name], 0.5 - decay / 10, self.step + 1)
            self.value(self.buffers[name], PARAMETERS[name], decay, self.step + 1)
            seq = self.row(
                "updated", name, 11,
                [
                    ("param", param, self.step + 1), ("before", param, self.step),
                    ("grad", self.grads[name], 0),
                    ("state:momentum_buffer", self.buffers[name], self.step + 1),
                ],
                detail={
                    "optimizer": 1, "class": "SGD", "group": 0, "index": index,
                    "hyper": {"lr": 1e-3, "momentum": 0.9}, "state": {}, "state_before": {},
                },
            )  # fmt: skip
            self.writer.add_state(1, param, seq, "momentum_buffer", tensor=self.buffers[name])
        self.leave("SGD.step", 11)


def write_long_trace(path: Path, events: int = 1_000_000) -> Path:
    """Write at least `events` events and return the path."""
    per_round = 30
    run = LongRun(path, nan_at=max(1, int(events / per_round * 0.9)))
    while run.seq < events - 1:
        run.round()
    run.row("run_finished", "", 0, detail={"exit_status": 0, "error": None})
    run.writer.finish(0)
    run.writer.close()
    return path


def main() -> None:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("path", type=Path)
    parser.add_argument("--events", type=int, default=1_000_000)
    arguments = parser.parse_args()
    arguments.path.unlink(missing_ok=True)
    write_long_trace(arguments.path, arguments.events)
    print(f"{arguments.path}: {arguments.path.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
