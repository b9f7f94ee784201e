"""An optimizer's update of one parameter: the whole rule with numbers, done or to come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gradstep.updates.rules import no_formula
from gradstep.views import numbers
from gradstep.views.cards.card import Draft, chosen
from gradstep.views.cards.gradients import name_of
from gradstep.views.formulas.call import Place
from gradstep.views.formulas.optimizers import Written, value_after
from gradstep.views.happened import verdict_lines, verdict_on
from gradstep.views.reading import norm_of, one
from gradstep.views.text import Line, line
from gradstep.views.updates import Update, element, recorded_update

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow


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
        _write_verdict(draft, event)
        return
    place = chosen(draft.element, update.grad)
    param = one(tensors, "param")
    draft.tensor, draft.shown = (param.tensor if param else None), place
    write_update(draft, name, update, place)
    _write_verdict(draft, event)
    told = what_it_read(update.rule, name)
    if told:
        draft.say(told)


def _write_verdict(draft: Draft, event: EventRow) -> None:
    """Say whether all elements are as the formula has them."""
    verdict = verdict_on(draft.moment, event)
    if verdict.check is None:
        return
    draft.matches = verdict.check.is_fine and draft.matches is not False
    for row in verdict_lines(verdict, draft.glyphs):
        draft.add(*((span.text, span.style) for span in row))


def what_it_read(rule: str, name: str) -> str:
    """Say what a step knew: most see gradients only, L-BFGS evaluates its closure."""
    if rule == "LBFGS":
        return (
            "It read all gradients together and the loss that its closure returns: L-BFGS calls "
            "the closure as often as it needs to."
        )
    if not rule:
        return ""
    return f"The rule reads {name}.grad and its own state; the loss is no part of it."


def write_update(draft: Draft, name: str, update: Update, place: Place) -> None:
    """Write a rule's statements for one element, each checked where its result is recorded."""
    if not update.before.size:
        draft.say(f"{name} has no elements: there is nothing to work out.")
        return
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
        draft.say(f"{no_formula(update.class_name)}; these are the recorded numbers")
        return
    widest = max(len(numbers.number(s.value)) for s in statements)
    named = max(3, *(len(s.name) + 1 for s in statements))
    size = max(abs(float(update.before[place])), abs(value_after(statements)))
    for statement in statements:
        draft.add(*_statement(draft, statement, update, place, (named, widest), size))


def _statement(
    draft: Draft,
    statement: Written,
    update: Update,
    place: Place,
    widths: tuple[int, int],
    size: float,
) -> list[Line]:
    named, widest = widths
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
        line((statement.name.ljust(named), "dim"), (value, "step bold" if is_param else "bold")),
        line(" = " + statement.text),
        mark or line(" "),
        line(("   " + statement.symbols, "dim")),
    ]


SHOWN_HYPERS = (
    *("lr", "momentum", "dampening", "nesterov", "weight_decay", "betas", "alpha", "rho", "eps"),
    *("lr_decay", "momentum_decay", "lambd", "t0", "etas", "step_sizes", "beta2_decay", "d"),
    *("ns_steps", "decoupled_weight_decay"),
)


def hyper_text(hyper: Mapping[str, Any]) -> str:
    """Write the hyper-parameters that change what a step does: defaults that are off stay away."""
    parts = []
    for key in (*SHOWN_HYPERS, "maximize", "amsgrad", "centered"):
        value = hyper.get(key)
        if value is None or value is False or (value == 0 and key != "lr"):
            continue
        parts.append(key if value is True else f"{key} {numbers.hyper(value)}")
    return "  ".join(parts)
