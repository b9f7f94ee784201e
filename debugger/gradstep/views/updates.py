"""One parameter's update as recorded, or as it is to come: everything that its rule reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from gradstep.updates.rules import RULES
from gradstep.views.cards.card import array_of
from gradstep.views.formulas.call import Place, contents
from gradstep.views.formulas.optimizers import Written, written_out
from gradstep.views.formulas.whole_updates import MOST, WHOLE
from gradstep.views.reading import one, value_of

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment
    from gradstep.trace.reader import RunTrace


@dataclass(frozen=True, slots=True)
class Update:
    """One parameter's update: arrays before it, and after it where it has been done.

    `rule` is the class whose formula it is checked against, "" for none.
    """

    class_name: str
    rule: str
    hyper: Mapping[str, Any]
    before: Any
    grad: Any
    state: Mapping[str, Any]
    after: Any | None
    state_after: Mapping[str, Any]
    dtype: str

    def statements(self, place: Place) -> list[Written] | None:
        """Work the rule out for one element."""
        whole = WHOLE.get(self.class_name)
        if whole is not None and self.before.size <= MOST:
            return whole(self.before, self.grad, self.hyper, self.state, place, self.dtype)
        return written_out(
            self.rule,
            float(self.before[place]),
            float(self.grad[place]),
            self.hyper,
            {name: element(entry, place) for name, entry in self.state.items()},
        )


def element(entry: Any, place: Place) -> float:
    """Give a state entry's number for one element: an entry may be one number for all."""
    shape = getattr(entry, "shape", None)
    if shape is None or shape == ():
        return float(entry)
    if len(shape) != len(place):
        return float(entry.reshape(-1)[0])
    # Adafactor keeps averages of rows and columns: one number for all of them.
    return float(entry[tuple(0 if n == 1 else at for at, n in zip(place, shape, strict=True))])


def recorded_update(moment: Moment, event: EventRow) -> Update | None:
    """Read the update of an `updated` event; None where contents were not recorded."""
    tensors = moment.run.tensors(event.seq)
    before, grad = array_of(moment, one(tensors, "before")), array_of(moment, one(tensors, "grad"))
    after_ref = one(tensors, "param")
    if before is None or grad is None:
        return None
    states: dict[str, dict[str, Any]] = {"state": {}, "state_before": {}}
    for kind, found in states.items():
        found.update(
            {
                name: float(entry)
                for name, entry in (event.detail.get(kind) or {}).items()
                if isinstance(entry, (int, float))
            }
        )
        for ref in tensors:
            if ref.role.startswith(kind + ":"):
                array = array_of(moment, ref)
                if array is not None:
                    found[ref.role.partition(":")[2]] = array
    value = value_of(moment, after_ref)
    class_name = str(event.detail.get("class", ""))
    return Update(
        class_name,
        rule_of(moment, int(event.detail.get("optimizer") or 0), class_name),
        event.detail.get("hyper") or {},
        before,
        grad,
        states["state_before"],
        array_of(moment, after_ref),
        states["state"],
        value.dtype if value else "",
    )


def coming_update(moment: Moment, optimizer: OptimizerState, param: int) -> Update | None:
    """Read what the next step of an optimizer will work with; None if .grad is None."""
    state = moment.grad(param)
    value = moment.value(param)
    now = contents(value)
    if value is None or now is None or state.tensor is None:
        return None
    grad = contents(moment.value(state.tensor))
    if grad is None:
        return None
    entries: dict[str, Any] = {}
    for entry in moment.state(optimizer.id, param):
        if entry.tensor is None:
            if entry.number is not None:
                entries[entry.name] = entry.number
            continue
        array = contents(moment.value(entry.tensor))
        if array is not None:
            entries[entry.name] = array
    group = next((g for g in optimizer.groups if param in g.get("params", ())), {})
    rule = rule_of(moment, optimizer.id, optimizer.class_name)
    return Update(optimizer.class_name, rule, group, now, grad, entries, None, {}, value.dtype)


def rule_of(moment: Moment, optimizer: int, class_name: str) -> str:
    """Give the class whose formula an optimizer follows: a subclass that of its parent."""
    known = _rules.setdefault(moment.run, {})
    if optimizer not in known:
        for row in moment.run.events(1, moment.seq + 1, kinds=("optimizer_created",)):
            if row.detail.get("optimizer") == optimizer and "rule" in row.detail:
                known[optimizer] = (row.seq, str(row.detail["rule"]))
                break
    made, rule = known.get(optimizer, (0, ""))
    if 0 < made <= moment.seq:
        return rule
    return class_name if class_name in RULES else ""


_rules: Final[WeakKeyDictionary[RunTrace, dict[int, tuple[int, str]]]] = WeakKeyDictionary()
"""Of each optimizer the event that made it, and its rule."""
