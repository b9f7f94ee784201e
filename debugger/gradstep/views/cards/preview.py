"""The beginning of optimizer.step(): what it is about to do to each parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradstep.views import numbers
from gradstep.views.cards.card import Draft, chosen
from gradstep.views.cards.ended import write_unread
from gradstep.views.cards.update import coming_update, hyper_text, write_update
from gradstep.views.holding import held_by, optimizer_of
from gradstep.views.text import line

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState

MOST_ROWS = 8


def explain_step(draft: Draft, event: EventRow) -> None:
    """Write the card of a step that is about to change its first parameter."""
    moment = draft.moment
    draft.head(event.name or "step", "step", ("  is about to change", "dim"))
    optimizer = optimizer_of(moment, event)
    if optimizer is None:
        draft.say("The optimizer was not recorded.")
        return
    params = held_by(optimizer)
    ready = [p for p in params if moment.grad(p).tensor is not None]
    for param in params[:MOST_ROWS]:
        _preview(draft, optimizer, param)
    if len(params) > MOST_ROWS:
        draft.say(f"and {numbers.plural(len(params) - MOST_ROWS, 'more parameter')}")
    if not ready:
        draft.add(
            (f"{draft.glyphs.warning} every .grad is None: this step changes nothing", "warning")
        )
    write_unread(draft, optimizer)
    if not ready:
        return
    first = coming_update(moment, optimizer, ready[0])
    if first is not None:
        draft.blank()
        place = chosen(draft.element, first.grad)
        draft.tensor, draft.shown = ready[0], place
        write_update(draft, moment.name(ready[0]), first, place)


def _preview(draft: Draft, optimizer: OptimizerState, param: int) -> None:
    moment, arrow = draft.moment, draft.glyphs.arrow
    name = f"{moment.name(param):<16}"
    if moment.grad(param).tensor is None:
        draft.add((name, "dim"), (" .grad is None: skipped", "dim"))
        return
    update = coming_update(moment, optimizer, param)
    if update is None:
        draft.add(name, (" contents not recorded", "dim"))
        return
    place = chosen(draft.element, update.grad)
    statements = update.statements(place)
    now = numbers.number(float(update.before[place]))
    where = numbers.index(place)
    if statements is None:
        draft.add(name, f" {now} {arrow} ?", (f"  no formula for {optimizer.class_name}", "dim"))
        return
    after = numbers.number(statements[-1].value)
    draft.add(
        line(
            name, (f" {where}" if where else "", "accent"), f" {now} {arrow} ", (after, "step bold")
        )
    )


def explain_zero_grad(draft: Draft, event: EventRow) -> None:
    """Write the card of a zero_grad() that begins: what it is about to clear."""
    moment = draft.moment
    draft.head(event.name or "zero_grad", "zero", ("  clears .grad", "dim"))
    optimizer = optimizer_of(moment, event)
    params = held_by(optimizer) if optimizer else moment.parameters()
    full = [p for p in params if moment.grad(p).tensor is not None]
    draft.add(
        numbers.plural(len(params), "parameter"),
        (f", {len(full)} with a gradient" if full else ", every .grad is None already", "dim"),
    )
    for param in full[:MOST_ROWS]:
        tensor = moment.grad(param).tensor
        value = moment.value(tensor) if tensor is not None else None
        norm = numbers.short(value.norm) if value else "?"
        draft.add((f"{moment.name(param)}.grad", "leaf"), f"  |·| {norm}")
    draft.say("backward adds into .grad: what is not cleared here stays in the next gradient.")


def hypers(optimizer: OptimizerState) -> str:
    """Write the hyper-parameters of the first group."""
    return hyper_text(optimizer.groups[0]) if optimizer.groups else ""
