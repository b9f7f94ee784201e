"""An optimizer's update of one parameter: the whole rule with numbers, done or to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gradstep.views import numbers
from gradstep.views.cards.card import Draft, array_of, chosen
from gradstep.views.cards.gradients import name_of
from gradstep.views.formulas.call import Place, contents
from gradstep.views.formulas.optimizers import Before, Statement, work_out
from gradstep.views.reading import norm_of, one, value_of
from gradstep.views.text import Line, line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class Update:
    """One parameter's update: arrays before it, and after it where it has been done."""

    class_name: str
    hyper: Mapping[str, Any]
    before: Any
    grad: Any
    state: Mapping[str, Any]
    after: Any | None
    state_after: Mapping[str, Any]
    dtype: str

    def statements(self, place: Place) -> list[Statement] | None:
        """Work the rule out for one element."""
        return work_out(
            self.class_name,
            Before(
                float(self.before[place]),
                float(self.grad[place]),
                self.hyper,
                {name: element(entry, place) for name, entry in self.state.items()},
            ),
        )


def element(entry: Any, place: Place) -> float:
    """Give a state entry's number for one element: an entry may be one number for all."""
    shape = getattr(entry, "shape", None)
    if shape is None or shape == ():
        return float(entry)
    return float(entry[place]) if len(shape) == len(place) else float(entry.reshape(-1)[0])


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
    return Update(
        str(event.detail.get("class", "")),
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
    return Update(optimizer.class_name, group, now, grad, entries, None, {}, value.dtype)


def explain_updated(draft: Draft, event: EventRow) -> None:
    """Write the card of a parameter that an optimizer has just changed."""
    moment = draft.moment
    tensors = moment.run.tensors(event.seq)
    name = name_of(moment, event, one(tensors, "param"))
    kind = str(event.detail.get("class", "optimizer"))
    draft.head(f"{kind}.step", "step", ("  changes ", "dim"), (name, "bold"))
    update = recorded_update(moment, event)
    if update is None:
        before, after = (norm_of(moment, one(tensors, role)) for role in ("before", "param"))
        draft.add("|θ| ", numbers.short(before), f" {draft.glyphs.arrow} ", numbers.short(after))
        draft.say("Contents were not recorded, so the rule cannot be worked out.")
        return
    place = chosen(draft.element, update.grad)
    param = one(tensors, "param")
    draft.tensor, draft.shown = (param.tensor if param else None), place
    write_update(draft, name, update, place)
    draft.say(f"It read {name}.grad and nothing else: step() never sees the loss.")


def write_update(draft: Draft, name: str, update: Update, place: Place) -> None:
    """Write a rule's statements for one element, each checked where its result is recorded."""
    statements = update.statements(place)
    where = f"{name}{numbers.index(place)}" if place else name
    draft.add(
        (where, "accent"),
        ("   grad g = ", "dim"),
        (numbers.number(float(update.grad[place])), "backward"),
        ("   " + hyper_text(update.hyper), "dim"),
    )
    if statements is None:
        now = numbers.number(float(update.before[place]))
        after = "?" if update.after is None else numbers.number(float(update.after[place]))
        draft.add(now, f" {draft.glyphs.arrow} ", (after, "step bold"))
        draft.say(f"gradstep has no formula for {update.class_name}: recorded numbers only")
        return
    widest = max(len(numbers.number(s.value)) for s in statements)
    size = max(abs(float(update.before[place])), abs(statements[-1].value))
    for statement in statements:
        draft.add(*_statement(draft, statement, update, place, widest, size))


def _statement(
    draft: Draft, statement: Statement, update: Update, place: Place, widest: int, size: float
) -> list[Line]:
    recorded: float | None = None
    is_param = statement.state == "param"
    if is_param and update.after is not None:
        recorded = float(update.after[place])
    elif statement.state in update.state_after:
        recorded = element(update.state_after[statement.state], place)
    value = numbers.number(statement.value).rjust(widest)
    mark: Line = ()
    if recorded is not None:
        scale = size if is_param else abs(statement.value) + abs(float(update.grad[place]))
        mark = draft.check(statement.value, recorded, scale, update.dtype)
    return [
        line((f"{statement.name:<3}", "dim"), (value, "step bold" if is_param else "bold")),
        line(" = " + statement.text),
        mark or line(" "),
        line(("   " + statement.symbols, "dim")),
    ]


SHOWN_HYPERS = ("lr", "momentum", "dampening", "nesterov", "weight_decay", "betas", "alpha", "eps")


def hyper_text(hyper: Mapping[str, Any]) -> str:
    """Write the hyper-parameters that change what a step does: defaults that are off stay away."""
    parts = []
    for key in (*SHOWN_HYPERS, "maximize", "amsgrad", "centered"):
        value = hyper.get(key)
        if value is None or value is False or (value == 0 and key != "lr"):
            continue
        parts.append(key if value is True else f"{key} {numbers.hyper(value)}")
    return "  ".join(parts)
