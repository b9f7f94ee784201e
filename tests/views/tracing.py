"""Writes small traces by hand, one call per event, the way the debuggee would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from gradstep.protocol.row import EventRow
from gradstep.trace.model import OptimizerState, TensorValue
from gradstep.trace.moment import Moment
from gradstep.trace.reader import Trace
from gradstep.trace.writer import TraceWriter


@dataclass
class T:
    """A tensor of a hand-written trace: change `array` and call `TraceBuilder.write`."""

    id: int
    array: Any
    version: int = 0
    requires_grad: bool = False


@dataclass
class TraceBuilder:
    path: Path
    script: str = "train.py"
    source: str = ""
    iteration: int = 0
    step: int = 0
    phase: str = "other"
    enclosing: int = 0
    line: int = 0
    seq: int = 0
    tensors: int = 0
    names: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.writer = TraceWriter(self.path, script=self.script, argv=[self.script], pid=1)
        self.writer.add_source(self.script, self.source)
        self.event("run_started", name=self.script)

    def tensor(
        self,
        array: Any,
        name: str = "",
        how: str = "variable",
        *,
        parameter: bool = False,
        leaf: bool = False,
    ) -> T:
        self.tensors += 1
        found = T(self.tensors, np.asarray(array, dtype=getattr(array, "dtype", np.float32)))
        found.requires_grad = parameter
        self.writer.add_tensor(
            found.id, self.seq + 1, is_leaf=leaf or parameter, is_parameter=parameter
        )
        if name:
            self.writer.add_name(found.id, self.seq + 1, name, how)
        self._value(found, self.seq + 1)
        return found

    def write(self, tensor: T, array: Any) -> T:
        tensor.array = np.asarray(array, dtype=tensor.array.dtype)
        tensor.version += 1
        self._value(tensor, self.seq + 1)
        return tensor

    def _value(self, tensor: T, seq: int) -> None:
        array = tensor.array
        wide = array.astype(np.float64)
        finite = wide[np.isfinite(wide)]
        some = finite.size > 0
        self.writer.add_value(
            TensorValue(
                tensor=tensor.id,
                version=tensor.version,
                seq=seq,
                shape=array.shape,
                dtype=str(array.dtype),
                requires_grad=tensor.requires_grad,
                min=float(finite.min()) if some else None,
                max=float(finite.max()) if some else None,
                mean=float(finite.mean()) if some else None,
                std=float(finite.std()) if some else None,
                norm=float(np.sqrt((finite**2).sum())) if some else None,
                zeros=int((wide == 0).sum()),
                nan=int(np.isnan(wide).sum()),
                inf=int(np.isinf(wide).sum()),
                content=np.ascontiguousarray(array).tobytes(),
            )
        )

    def event(
        self,
        kind: str,
        name: str = "",
        tensors: Sequence[tuple[str, T | None]] = (),
        **fields: Any,
    ) -> int:
        self.seq += 1
        row: dict[str, Any] = {
            "phase": self.phase,
            "iteration": self.iteration,
            "step": self.step,
            "file": self.script,
            "line": self.line,
            "enclosing": self.enclosing,
        }
        row.update(fields)
        self.writer.add(
            EventRow(seq=self.seq, kind=kind, name=name, **row),
            [(role, t.id if t else None, t.version if t else 0) for role, t in tensors],
        )
        return self.seq

    def enter(self, phase: str, name: str, **fields: Any) -> int:
        self.phase = phase
        self.enclosing = 0
        self.enclosing = self.event("phase_entered", name, **fields)
        return self.enclosing

    def leave(self, name: str, **fields: Any) -> int:
        if self.phase == "step":
            self.step += 1
        seq = self.event("phase_exited", name, **fields)
        self.phase, self.enclosing = "other", 0
        return seq

    def op(
        self,
        name: str,
        inputs: Sequence[T],
        output: T,
        nodes: Sequence[str] = (),
        attributes: dict[str, Any] | None = None,
        **fields: Any,
    ) -> int:
        detail = {
            "attributes": attributes or {},
            "nodes": list(nodes),
            "grad_fn": nodes[-1] if nodes else None,
        }
        tensors = [*(("input", t) for t in inputs), ("output", output)]
        seq = self.event("op", name, tensors, detail=detail, **fields)
        self.writer.add_name(output.id, seq, f"{name}_{seq}", "op")
        return seq

    def node(
        self,
        name: str,
        op: int,
        grad_outputs: Sequence[T | None],
        grad_inputs: Sequence[T | None],
        following: Sequence[str | None],
        **fields: Any,
    ) -> int:
        tensors = [
            *(("grad_output", t) for t in grad_outputs),
            *(("grad_input", t) for t in grad_inputs),
        ]
        return self.event("node", name, tensors, op=op, detail={"next": list(following)}, **fields)

    def accumulate(self, name: str, param: T, added: T, before: T | None, after: T) -> int:
        seq = self.event(
            "accumulated",
            name,
            [("param", param), ("contribution", added), ("before", before), ("after", after)],
            detail={"backward": self.enclosing},
        )
        self.writer.add_grad(param.id, seq, after.id)
        return seq

    def zero(self, name: str, param: T, before: T | None, after: T | None = None) -> int:
        seq = self.event("zeroed", name, [("param", param), ("before", before), ("after", after)])
        self.writer.add_grad(param.id, seq, after.id if after else None)
        return seq

    def optimizer(self, number: int, class_name: str, groups: Sequence[dict[str, Any]]) -> int:
        seq = self.event("optimizer_created", class_name, detail={"optimizer": number})
        self.writer.add_optimizer(
            OptimizerState(number, class_name, "optimizer", seq, tuple(groups))
        )
        return seq

    def done(self) -> Trace:
        self.writer.close()
        return Trace.open(self.path)


def at(trace: Trace, seq: int) -> Moment:
    return trace.run().at(seq)


def find(trace: Trace, kind: str, name: str = "", nth: int = 1) -> Moment:
    """The nth event of a kind (and name)."""
    run = trace.run()
    rows = [r for r in run.events(1, None, {kind}) if not name or r.name == name]
    return run.at(rows[nth - 1].seq)
