"""Finds where values changed in a recorded run: `change:EXPR`, over rows.

Which events may have changed a tensor, a gradient or an optimizer's setting is asked of the
trace's tables, a stretch of the run at a time, so that a walk evaluates at those events only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from gradstep.protocol.breakpoints import Watched
from gradstep.protocol.breakpoints.cause import changed_text
from gradstep.protocol.row import EventRow
from gradstep.session.recorded_names import RecordedNames
from gradstep.session.recorded_tensor import NotRecorded, RecordedTensor
from gradstep.trace.difference import kept, recorded_difference, snapshot, value_difference
from gradstep.trace.model import TensorValue
from gradstep.trace.moment import Moment
from gradstep.trace.reader import RunTrace

STRETCH: Final = 2048
"""Events whose candidates are asked for at once."""


@dataclass(frozen=True, slots=True)
class _Sight:
    """A value at an event: a tensor's recorded version, None for no gradient, or anything else.

    `since` is the event from which it is so.
    """

    is_tensor: bool
    value: Any
    since: int = 0


class RecordedChanges:
    """Answers for one `change:` breakpoint and one run."""

    def __init__(self, run: RunTrace, watched: Watched) -> None:
        """Look at `watched` in `run`."""
        self._run = run
        self._watched = watched
        self._kinds = watched.kinds
        self._stretch = -1
        self._candidates: set[int] | None = None
        self._last: tuple[int, str] = (0, "")
        self.had_value = False
        """Whether the expression has had a value at any event that was looked at."""
        self.mistake = ""
        """The first error of the expression's own, and where."""
        self.lacking = ""
        """What the trace did not hold when that was last so."""

    def is_at(self, row: EventRow) -> bool:
        """Tell whether the value after `row` is another one than before it."""
        return bool(self.told(row))

    def told(self, row: EventRow) -> str:
        """Return what changed by `row` and by how much, "" if nothing did."""
        if self._last[0] != row.seq:
            self._last = row.seq, self._found(row)
        return self._last[1]

    def _found(self, row: EventRow) -> str:
        if row.seq < 2 or not self._may_change(row):
            return ""
        before = self._sight(self._run.at(row.seq - 1))
        after = self._sight(self._run.at(row.seq))
        if before is None or after is None:
            return ""
        if self._watched.is_of_rows and before.is_tensor != after.is_tensor:
            # `loss` is the number that backward began from until the script's own has its name.
            return ""
        difference = _difference(before, after)
        if not difference:
            return ""
        made = None
        if after.is_tensor and after.since and after.since != row.seq:
            maker = self._run.event(after.since)
            made = (maker.name if maker.kind == "op" else "", maker.seq)
        return changed_text(self._watched.text, row, difference, made)

    def _may_change(self, row: EventRow) -> bool:
        watched = self._watched
        if watched.is_free:
            return row.kind != "output"
        stretch = row.seq // STRETCH
        if stretch != self._stretch:
            self._stretch = stretch
            self._candidates = self._look(stretch * STRETCH, (stretch + 1) * STRETCH)
        if self._candidates is not None and row.seq in self._candidates:
            return True
        return watched.is_of_rows and (self._kinds is None or row.kind in self._kinds)

    def _look(self, start: int, stop: int) -> set[int]:
        """Return the events of a stretch that the tables name."""
        run, watched = self._run, self._watched
        found: set[int] = set()
        if watched.rate is not None:
            found |= self._seqs("SELECT seq FROM optimizer WHERE {}", (), start, stop)
        for name in watched.names:
            named = run.database.rows(
                "SELECT tensor, seq FROM tensor_name INDEXED BY tensor_by_name"
                " WHERE run = ? AND name = ? AND seq >= ? AND seq < ?",
                (run.number, name, start, stop),
            )
            found |= {seq for _, seq in named}
            tensors = {tensor for tensor, _ in named}
            first = run.at(max(start, 1)).tensor_named(name)
            for tensor in tensors if first is None else tensors | {first}:
                found |= self._touching(tensor, start, stop)
        return found

    def _touching(self, tensor: int, start: int, stop: int) -> set[int]:
        values = "SELECT seq FROM value WHERE {} AND tensor = ?"
        if not self._watched.of_grad:
            return self._seqs(values, (tensor,), start, stop)
        grads = "SELECT seq FROM grad WHERE {} AND param = ?"
        found = self._seqs(grads, (tensor,), start, stop)
        run = self._run
        held = {run.at(max(start, 1)).grad(tensor).tensor}
        held |= {run.at(seq).grad(tensor).tensor for seq in found}
        for grad in held - {None}:
            found |= self._seqs(values, (grad,), start, stop)
        return found

    def _seqs(self, query: str, more: tuple[Any, ...], start: int, stop: int) -> set[int]:
        where = "run = ? AND seq >= ? AND seq < ?"
        rows = self._run.database.rows(query.format(where), (self._run.number, start, stop, *more))
        return {row[0] for row in rows}

    def _sight(self, moment: Moment) -> _Sight | None:
        watched = self._watched
        found = self._rate(moment) or self._named(moment)
        if found is not None or watched.code is None:
            self.had_value |= found is not None
            return found
        try:
            value = RecordedNames(moment, of_event=False).evaluate(watched.code)
        except NotRecorded as error:
            # No value there; that it never had one is told at the end of a walk.
            self.lacking = str(error)
            return None
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            self.mistake = self.mistake or f"event {moment.seq:,}: {told}"
            return None
        self.had_value = True
        if isinstance(value, RecordedTensor):
            return _Sight(True, value.recorded, value.recorded.seq)
        return _Sight(False, value)

    def _rate(self, moment: Moment) -> _Sight | None:
        if self._watched.rate is None:
            return None
        name, group, key = self._watched.rate
        for state in reversed(moment.optimizers()):
            if state.name == name and -len(state.groups) <= group < len(state.groups):
                value = state.groups[group].get(key)
                return None if value is None else _Sight(False, value)
        return None

    def _named(self, moment: Moment) -> _Sight | None:
        for position, name in enumerate(self._watched.names):
            tensor = moment.tensor_named(name)
            if tensor is None or (position and not _is_of_model(moment, tensor, name)):
                continue
            if not self._watched.of_grad:
                value = moment.value(tensor)
                return None if value is None else _Sight(True, value, value.seq)
            grad = moment.grad(tensor).tensor
            if grad is None:
                return _Sight(True, None)
            value = moment.value(grad)
            return None if value is None else _Sight(True, value)
        return None


def _is_of_model(moment: Moment, tensor: int, name: str) -> bool:
    """Tell whether a name is that of a model's parameter or buffer."""
    return bool(
        moment.run.database.row(
            "SELECT 1 FROM tensor_name WHERE run = ? AND tensor = ? AND name = ?"
            " AND how IN ('parameter', 'buffer')",
            (moment.run.number, tensor, name),
        )
    )


def _difference(before: _Sight, after: _Sight) -> str:
    old, new = before.value, after.value
    if before.is_tensor and after.is_tensor:
        if _identity(old) == _identity(new):
            return ""
        return recorded_difference(old, new)
    if snapshot(old) == snapshot(new):
        return ""
    return value_difference(kept(old), kept(new))


def _identity(value: TensorValue | None) -> tuple[int, int] | None:
    return None if value is None else (value.tensor, value.version)
