"""Parameters that still have the values they were made with, though a step has ended."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from gradstep.trace.dataflow import dataflow
from gradstep.trace.holdings import NO_READER

if TYPE_CHECKING:
    from gradstep.trace.holdings import Holding
    from gradstep.trace.moment import Moment
    from gradstep.trace.wiring import Holder

MOST_PHASES: Final = 400
"""So many ends of phases are looked at for the latest step of each optimizer."""


class _Step(NamedTuple):
    """Where a step began, and the parameters that its optimizer held then."""

    seq: int
    params: frozenset[int]


class Unchanged:
    """Tells which parameters of a moment never changed; steps are read for the first of them."""

    def __init__(self, moment: Moment, iteration: int) -> None:
        """Look at a moment; `iteration` is that of the loss where there is no optimizer, else 0."""
        self._moment = moment
        self._iteration = iteration
        self._steps: dict[int, _Step] | None = None

    def is_so(self, holding: Holding, holders: Iterable[Holder], *, is_reached: bool) -> bool:
        """Tell whether a step that could have changed a parameter has ended, and did not.

        Without any optimizer: whether the losses of two iterations came to it, and the script has
        not written it.
        """
        change = holding.change
        if change is not None and (change.kind != "written" or change.name not in NO_READER):
            return False
        moment, leaf = self._moment, holding.leaf
        if self._iteration:
            return is_reached and self._first_iteration() < self._iteration
        switched = dataflow(moment.run).switches(leaf, moment.seq)
        since = max(switched[-1][0] if switched else 0, change.seq if change is not None else 0)
        return any(
            step.seq > since and leaf in step.params
            for one in holders
            if (step := self._latest(one.optimizer)) is not None
        )

    def _first_iteration(self) -> int:
        """Return the iteration of the first backward."""
        first = next(
            (
                row
                for row in self._moment.run.events(1, self._moment.seq + 1, ("phase_entered",))
                if row.phase == "backward"
            ),
            None,
        )
        return first.iteration if first is not None else self._iteration

    def _latest(self, optimizer: int) -> _Step | None:
        """Return the latest step of an optimizer that ended whole."""
        if self._steps is None:
            self._steps = {}
            run, upto = self._moment.run, self._moment.seq + 1
            for row in islice(run.events_before(upto, ("phase_exited",)), MOST_PHASES):
                if row.phase != "step" or row.detail.get("error") or row.detail.get("skipped"):
                    continue
                number = int(run.event(row.enclosing).detail.get("optimizer") or 0)
                if number not in self._steps:
                    self._steps[number] = self._step(row.enclosing, number)
        return self._steps.get(optimizer)

    def _step(self, seq: int, optimizer: int) -> _Step:
        held = (one for one in self._moment.run.at(seq).optimizers() if one.id == optimizer)
        groups = (group for one in held for group in one.groups)
        return _Step(seq, frozenset(param for group in groups for param in group.get("params", ())))
