"""The beginning of optimizer.step(): what it is about to do to each parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gradstep.updates.preview import Figures
from gradstep.views import numbers
from gradstep.views.cards.card import Draft, chosen
from gradstep.views.cards.ended import write_unread
from gradstep.views.cards.update import hyper_text, write_update
from gradstep.views.coming import Coming, Live, coming, marks, percent, total_descent
from gradstep.views.formulas.optimizers import value_after
from gradstep.views.holding import held_by, optimizer_of
from gradstep.views.reading import phase_entry
from gradstep.views.text import line
from gradstep.views.updates import coming_update

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState

MOST_ROWS: Final = 8


def explain_step(draft: Draft, event: EventRow, live: Live | None = None) -> None:
    """Write the card of a step that is about to change its first parameter."""
    draft.head(event.name or "step", "step", ("  is about to change", "dim"))
    write_coming(draft, event, live)


def write_coming(draft: Draft, event: EventRow, live: Live | None = None) -> None:
    """Write what is to come of the step that `event` lies in: every parameter, the worst first."""
    moment = draft.moment
    entry = phase_entry(moment, event)
    optimizer = optimizer_of(moment, entry) if entry is not None else None
    if optimizer is None:
        draft.say("The optimizer was not recorded.")
        return
    items = [each for each in coming(moment, live) if not each.done]
    ready = [each for each in items if each.lineage is not None]
    total = total_descent(items)
    if total is not None and len(ready) > 1:
        draft.add(
            ("all together, to first order, the loss changes by ", "dim"),
            (f"g·Δ {numbers.number(total)}", "bold"),
        )
    for each in items[:MOST_ROWS]:
        _preview(draft, each)
    if len(items) > MOST_ROWS:
        draft.say(f"and {numbers.plural(len(items) - MOST_ROWS, 'more parameter')}")
    if not ready:
        draft.add(
            (f"{draft.glyphs.warning} every .grad is None: this step changes nothing", "warning")
        )
    write_unread(draft, optimizer)
    if not ready:
        return
    first = coming_update(moment, optimizer, ready[0].param)
    if first is not None:
        draft.blank()
        place = chosen(draft.element, first.grad)
        draft.tensor, draft.shown = ready[0].param, place
        write_update(draft, ready[0].name, first, place)


def _preview(draft: Draft, each: Coming) -> None:
    """Write two lines on a parameter: one element, and all of them."""
    moment, arrow = draft.moment, draft.glyphs.arrow
    name = f"{each.name:<16}"
    if each.lineage is None:
        draft.add((name, "dim"), (f" {each.why}", "dim"))
        return
    update = coming_update(moment, each.optimizer, each.param)
    if update is None:
        draft.add(name, ("" if each.figures else f" {each.why}", "dim"))
    elif not update.before.size:
        draft.add(name, (" no elements", "dim"))
    else:
        place = chosen(draft.element, update.grad)
        statements = update.statements(place)
        now = numbers.number(float(update.before[place]))
        after = "?" if statements is None else numbers.number(value_after(statements))
        where = numbers.index(place)
        draft.add(
            line(name, (f" {where}" if where else "", "accent"), f" {now} {arrow} "),
            line((after, "step bold")),
            line((f"  {each.why}" if each.why else "", "dim")),
        )
    found = marks(each, draft.glyphs)
    parts = figure_parts(each.figures) if each.figures is not None else []
    separated = [line(span, "  ") for span in found]
    if parts or separated:
        draft.add(*(line((f"{part}  ", "dim")) for part in parts), *separated, indent=4)


def figure_parts(made: Figures) -> list[str]:
    """Say a change in numbers: its size, its range, signs, loss, and what decay does of it."""
    if made.is_all_odd:
        return []  # The mark beside it says how many.
    ratio = "" if made.ratio is None else f" = {percent(made.ratio)} of |θ|"
    parts = [f"|Δ| {numbers.short(made.change)}{ratio}"]
    if made.elements > 1:
        parts.append(f"Δ {numbers.short(made.lowest)} … {numbers.short(made.highest)}")
    parts.append(f"g·Δ {numbers.short(made.descent)}")
    if made.flips:
        share = percent(made.flips / made.elements)
        parts.append(
            f"{numbers.plural(made.flips, 'sign')} flip{'s' * (made.flips == 1)} ({share})"
        )
    if made.decay is not None:
        parts.append(f"decay {percent(made.decay)} of Δ")
    return parts


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
