"""What the optimizer pane's rows say after a step: in sight one by one, to sort all at once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.trace.about import events_about
from gradstep.trace.model import StateValue
from gradstep.trace.parameters import grads_of, names_of, states_of, statistics_of
from gradstep.views.happened import verdict_on
from gradstep.views.optimizer_trend import MOST_TOGETHER, course, relative_change, relative_changes

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState, TensorValue
    from gradstep.trace.moment import Moment

MOST_STEPS: Final = 2000
"""So far back the end of an optimizer's last step is looked for."""

MOST_CHECKED: Final = 300
"""So many updates, the largest, are held against their formula to find the worst."""

Held = Sequence[tuple["OptimizerState", int]]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a row says of a parameter: norms by column, the course of its changes, its update."""

    optimizer: OptimizerState
    param: int
    numbers: Mapping[str, float | None]
    has_grad: bool
    course: tuple[float, ...]
    check: bool | None
    is_updated: bool


class FigureBook:
    """The figures of all parameters that optimizers hold, read as far as somebody asks."""

    def __init__(self, moment: Moment, held: Held, states: Sequence[str]) -> None:
        """Take the parameters in their order; `states` are the entries that have columns."""
        self.moment = moment
        self.held = held
        self.states = states
        self._left = MOST_TOGETHER
        self._steps: dict[int, int] = {}
        self._columns: dict[str, list[float | None]] = {}

    def of(self, number: int) -> Figures:
        """Work out the figures of one parameter."""
        moment, (optimizer, param) = self.moment, self.held[number]
        value, state = moment.statistics(param), moment.grad(param)
        grad = moment.statistics(state.tensor) if state.tensor is not None else None
        by_name = {entry.name: entry for entry in moment.state(optimizer.id, param)}
        found: dict[str, float | None] = {"norm": _norm(value), "grad": _norm(grad)}
        for name in self.states:
            entry = by_name.get(name)
            kept = moment.statistics(entry.tensor) if entry and entry.tensor is not None else None
            found[name] = _norm(kept) if kept else entry.number if entry else None
        last = self.last_update(number)
        found["ratio"] = relative_change(moment.run, last.seq) if last is not None else None
        size = math.prod(value.shape) if value is not None else 0
        trend, self._left = course(moment, param, size, self._left)
        check = verdict_on(moment, last).check if last is not None else None
        return Figures(
            optimizer,
            param,
            found,
            state.tensor is not None,
            tuple(trend),
            None if check is None else check.is_fine,
            last is not None,
        )

    def last_update(self, number: int) -> EventRow | None:
        """Return a parameter's last update by now, None if its optimizer's last step skipped it."""
        optimizer, param = self.held[number]
        rows = events_about(
            self.moment.run,
            param,
            "param",
            ("updated",),
            before=self.moment.seq + 1,
            after=self._last_step(optimizer.id),
            most=4,
        )
        return next((row for row in rows if _optimizer_of(row) == optimizer.id), None)

    def column(self, name: str) -> list[float | None]:
        """Return one column of all rows."""
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def names(self) -> list[str]:
        """Return the names of all parameters."""
        found = names_of(self.moment, [param for _, param in self.held])
        return [found[param] for _, param in self.held]

    def badness(self) -> list[float | None]:
        """Return what the worst has most of: a wrong update, NaN or Inf, then the largest change.

        Of very many updates the largest are checked.
        """
        ratios = self.column("ratio")
        found: list[float | None] = [ratio or 0.0 for ratio in ratios]
        for name in ("norm", "grad", *self.states, "ratio"):
            for number, value in enumerate(self.column(name)):
                if value is not None and not math.isfinite(value):
                    found[number] = math.nan
        changed = (number for number, ratio in enumerate(ratios) if ratio is not None)
        largest = sorted(changed, key=lambda number: -(ratios[number] or 0.0))
        for number in largest[:MOST_CHECKED]:
            last = self.last_update(number)
            check = verdict_on(self.moment, last).check if last is not None else None
            if check is not None and not check.is_fine:
                found[number] = math.inf
        return found

    def _read(self, name: str) -> list[float | None]:
        moment, params = self.moment, [param for _, param in self.held]
        if name == "norm":
            values = statistics_of(moment, params)
            return [_norm(values.get(param)) for param in params]
        if name == "grad":
            grads = grads_of(moment, params)
            tensors = [grads[param].tensor for param in params]
            values = statistics_of(moment, [tensor for tensor in tensors if tensor is not None])
            return [_norm(values.get(tensor or 0)) for tensor in tensors]
        if name == "ratio":
            rows = [self.last_update(number) for number in range(len(params))]
            seqs = [row.seq for row in rows if row is not None]
            ratios = relative_changes(moment.run, seqs)
            return [None if row is None else ratios[row.seq] for row in rows]
        return self._state(name)

    def _state(self, name: str) -> list[float | None]:
        moment, entries = self.moment, dict[tuple[int, int], StateValue]()
        for optimizer in {one.id: one for one, _ in self.held}.values():
            mine = [param for one, param in self.held if one.id == optimizer.id]
            for param, found in states_of(moment, optimizer.id, mine).items():
                entries.update(
                    ((optimizer.id, param), entry) for entry in found if entry.name == name
                )
        tensors = [entry.tensor for entry in entries.values() if entry.tensor is not None]
        values = statistics_of(moment, tensors)

        def number(entry: StateValue | None) -> float | None:
            if entry is None:
                return None
            kept = values.get(entry.tensor) if entry.tensor is not None else None
            return _norm(kept) if kept is not None else entry.number

        return [number(entries.get((one.id, param))) for one, param in self.held]

    def _last_step(self, optimizer: int) -> int:
        """Return where the optimizer's last finished step began, 0 if none is known."""
        if optimizer not in self._steps:
            self._steps[optimizer] = 0
            moment = self.moment
            rows = moment.run.events_before(moment.seq + 1, kinds=("phase_exited",))
            for looked, row in enumerate(rows):
                if looked > MOST_STEPS:
                    break
                if row.phase == "step" and _optimizer_of(row) == optimizer:
                    self._steps[optimizer] = row.enclosing
                    break
        return self._steps[optimizer]


def _optimizer_of(row: EventRow) -> int:
    return int(row.detail.get("optimizer") or 0)


def _norm(value: TensorValue | None) -> float | None:
    """Give a tensor's norm; of one with NaN or Inf there is none that is finite."""
    if value is None:
        return None
    return math.nan if value.nan else math.inf if value.inf else value.norm
