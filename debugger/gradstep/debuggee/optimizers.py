"""Numbers for optimizers, and what their groups held when that was last recorded."""

from __future__ import annotations

import weakref
from collections.abc import Mapping
from types import FrameType
from typing import Any

from gradstep.debuggee.tensors import TensorBook
from gradstep.trace.detail import jsonable
from gradstep.trace.model import OptimizerState
from gradstep.trace.rates import learning_rate
from gradstep.trace.writer import TraceWriter


class OptimizerBook:
    """Records an optimizer's groups when it is made and whenever they differ from the last time."""

    def __init__(self, writer: TraceWriter, book: TensorBook) -> None:
        """Write to `writer`."""
        self._writer = writer
        self._book = book
        self._numbers: dict[int, tuple[weakref.ref[Any], int]] = {}
        self._count = 0
        self._recorded: dict[int, OptimizerState] = {}

    @property
    def newest(self) -> int:
        """The number of the optimizer that was seen last, 0 before the first."""
        return self._count

    def number(self, optimizer: Any) -> int:
        """Return the optimizer's number in this run, 0 for None."""
        if optimizer is None:
            return 0
        found = self._numbers.get(id(optimizer))
        if found is not None and found[0]() is optimizer:
            return found[1]
        self._count += 1
        number = self._count
        self._numbers[id(optimizer)] = (weakref.ref(optimizer), number)
        return number

    def live(self) -> list[tuple[int, Any]]:
        """Return the optimizers that exist, each with its number."""
        found = ((number, reference()) for reference, number in self._numbers.values())
        return [(number, optimizer) for number, optimizer in found if optimizer is not None]

    def record(self, optimizer: Any, seq: int) -> None:
        """Record the groups if they differ from what is recorded."""
        number = self.number(optimizer)
        groups = tuple(self._group(group, seq) for group in optimizer.param_groups)
        known = self._recorded.get(number)
        if known is not None and known.groups == groups:
            return
        name = known.name if known is not None else ""
        self._keep(OptimizerState(number, type(optimizer).__name__, name, seq, groups))

    def look_for_name(self, optimizer: Any, frame: FrameType | None) -> None:
        """Learn the script's variable for an optimizer: it is bound after the optimizer is made."""
        known = self._recorded.get(self.number(optimizer))
        if known is None or known.name or frame is None:
            return
        for namespace in (frame.f_locals, frame.f_globals):
            for name, value in list(namespace.items()):
                if value is optimizer and name != "self":
                    renamed = OptimizerState(
                        known.id, known.class_name, name, known.seq, known.groups
                    )
                    self._keep(renamed)
                    return

    def learning_rate(self, detail: Mapping[str, Any]) -> float | None:
        """Return what `lr` is at an event with this detail; see `trace.rates`."""
        return learning_rate(detail, self._recorded.values())

    def recorded_under(self, name: str) -> OptimizerState | None:
        """Return what was recorded last of the optimizer that the script calls `name`."""
        found = [state for state in self._recorded.values() if state.name == name]
        return found[-1] if found else None

    def _keep(self, state: OptimizerState) -> None:
        self._recorded[state.id] = state
        self._writer.add_optimizer(state)

    def _group(self, group: Any, seq: int) -> dict[str, Any]:
        recorded: dict[str, Any] = {"params": []}
        for param in group["params"]:
            self._book.entry(param, seq)
            recorded["params"].append(param.uid)
        recorded.update(hyperparameters(group))
        return recorded


def hyperparameters(group: Any) -> dict[str, Any]:
    """Return a group's hyper-parameters as JSON can hold them."""
    return {name: jsonable(_plain(value)) for name, value in group.items() if name != "params"}


def rule_of(optimizer: Any) -> str:
    """Return the engine's class whose formula an optimizer follows, or may; "" for none."""
    for cls in type(optimizer).__mro__:
        if cls.__module__.startswith("gradstep_engine.optim."):
            return "" if cls.__name__ in ("Optimizer", "Parameterwise") else cls.__name__
    return ""


def _plain(value: Any) -> Any:
    """Return a number that is kept in a tensor as a number, also one of several."""
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value)
    if hasattr(value, "_array") and value._array.size == 1:
        return value._array.item()
    return value
