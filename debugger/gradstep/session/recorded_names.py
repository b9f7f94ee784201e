"""What the names in a condition or an expression stand for at a recorded event."""

from __future__ import annotations

import builtins
import math
from collections.abc import Iterator, Mapping
from types import CodeType
from typing import Any, Final

from gradstep.protocol.breakpoints import CONDITION_NAMES
from gradstep.protocol.offer import names_text
from gradstep.protocol.row import EventRow
from gradstep.session.model import Evaluation
from gradstep.session.recorded_tensor import (
    NameNotRecorded,
    NotRecorded,
    RecordedOptimizer,
    RecordedTensor,
)
from gradstep.trace.event_columns import GRAD_ROLES, VALUE_ROLES
from gradstep.trace.model import TensorRef
from gradstep.trace.moment import Moment
from gradstep.trace.rates import learning_rate

ALLOWED: Final = {
    name: getattr(builtins, name)
    for name in (
        *("abs", "all", "any", "bool", "float", "int", "isinstance", "len", "list", "max", "min"),
        *("repr", "round", "set", "sorted", "str", "sum", "tuple"),
    )
}


class RecordedNames(Mapping[str, Any]):
    """The names of a condition at a moment: the counters, what the event is about, the variables.

    Looking up a name that the trace cannot answer raises `NotRecorded`, so that a condition on it
    is told and never silently false.
    """

    def __init__(
        self, moment: Moment, *, script_first: bool = False, of_event: bool = True
    ) -> None:
        """Answer as of `moment`.

        With `script_first` the script's variables hide the names that every event has, as in the
        paused script; in a condition it is the other way round. Without `of_event` `lr` is that of
        the optimizer made first at every event.
        """
        self._moment = moment
        self._row: EventRow = moment.event
        self._script_first = script_first
        self._of_event = of_event

    def __getitem__(self, name: str) -> Any:
        """The value of a name."""
        row = self._row
        if self._script_first:
            variable = self._variable(name)
            if variable is not None:
                return variable
        if name in {"iteration", "step", "phase"}:
            return getattr(row, name)
        if name == "name":
            return row.name
        if name == "loss":
            return self._loss()
        if name == "lr":
            return self._learning_rate()
        if name == "value":
            return self._tensor("value", VALUE_ROLES)
        if name == "grad":
            return self._tensor("grad", GRAD_ROLES, also_after=True)
        if name == "norm":
            return self._norm()
        if name in ALLOWED:
            return ALLOWED[name]
        if name == "math":
            return math
        variable = self._variable(name)
        if variable is None:
            found = [one for one in self._moment.optimizers() if one.name == name]
            if found:
                return RecordedOptimizer(found[-1])
            raise self._unknown(name)
        return variable

    def __iter__(self) -> Iterator[str]:
        """The names that every condition has."""
        return iter(CONDITION_NAMES)

    def __len__(self) -> int:
        """How many those are."""
        return len(CONDITION_NAMES)

    def evaluate(self, code: CodeType) -> Any:
        """Evaluate compiled code with these names and nothing else."""
        return eval(code, {"__builtins__": {}}, self)

    def _loss(self) -> float:
        losses = self._moment.run.losses(self._row.seq, latest=1)
        if not losses:
            raise NotRecorded("no backward() has run yet, so there is no loss")
        seq, iteration, _, loss = losses[-1]
        if self._script_first and iteration != self._row.iteration:
            raise NotRecorded(
                f"'loss' is no recorded variable, and no backward() has run in iteration"
                f" {self._row.iteration}; the last one, event {seq}, began from {loss:.6g}"
            )
        return loss

    def _learning_rate(self) -> float:
        detail = self._row.detail if self._of_event else {}
        rate = learning_rate(detail, self._moment.optimizers())
        if rate is not None:
            return rate
        raise NotRecorded("no optimizer has a learning rate yet")

    def _norm(self) -> float:
        reported = self._row.detail.get("norm")
        if self._row.kind == "clipped" and reported is not None:
            return float(reported)
        try:
            return self._tensor("grad", GRAD_ROLES, also_after=True).euclidean()
        except NotRecorded:
            return self._tensor("norm", VALUE_ROLES).euclidean()

    def _tensor(
        self, what: str, roles: tuple[str, ...], *, also_after: bool = False
    ) -> RecordedTensor:
        if also_after and self._row.kind == "accumulated":
            roles = ("after", *roles)
        elif self._row.kind == "accumulated":
            roles = ("param",)
        for role in roles:
            for reference in self._moment.tensors:
                if reference.role == role and reference.tensor is not None:
                    return self._recorded(reference)
        raise NotRecorded(f"this {self._row.kind} event has no {what}")

    def _recorded(self, reference: TensorRef) -> RecordedTensor:
        assert reference.tensor is not None
        name = self._moment.name(reference.tensor)
        value = self._moment.version(reference.tensor, reference.version)
        if value is None:
            raise NotRecorded(f"the value of {name} was not recorded")
        return RecordedTensor(self._moment, value, name)

    def _variable(self, name: str) -> RecordedTensor | None:
        moment = self._moment
        tensor = self._just_made(name)
        tensor = moment.tensor_named(name) if tensor is None else tensor
        value = None if tensor is None else moment.value(tensor)
        return None if value is None else RecordedTensor(moment, value, name)

    def _unknown(self, name: str) -> NameNotRecorded:
        # Results of ops are called relu_3: they come last.
        others = sorted(self._moment.names_to_tensors(), key=lambda one: one[-1].isdigit())
        known = names_text(list(dict.fromkeys([*self, *others])))
        return NameNotRecorded(
            f"'{name}' is not recorded at event {self._row.seq}; {known}", name=name
        )

    def _just_made(self, name: str) -> int | None:
        """The event's own result, if it is about to get this name: one is given at the next event.

        The screen shows it under that name already.
        """
        if self._row.kind != "op":
            return None
        results = (use.tensor for use in self._moment.tensors if use.role == "output")
        return next((one for one in results if one and self._moment.name(one) == name), None)


def evaluate_recorded(moment: Moment, text: str) -> Evaluation:
    """Evaluate an expression on what is recorded as of `moment`."""
    try:
        code = compile(text.strip(), "<expression>", "eval")
        return Evaluation(True, repr(RecordedNames(moment, script_first=True).evaluate(code)))
    except SyntaxError as error:
        return Evaluation(False, error=f"SyntaxError: {error.msg}")
    except NotRecorded as error:
        return Evaluation(False, error=str(error))
    except Exception as error:
        return Evaluation(False, error=f"{type(error).__name__}: {error}")
