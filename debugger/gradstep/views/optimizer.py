"""The optimizer: its groups, what it keeps per parameter, and one element's update in numbers."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.cards.card import Draft, chosen
from gradstep.views.cards.update import write_update
from gradstep.views.coming import Live, coming, stands_before_update
from gradstep.views.coming_view import ComingView
from gradstep.views.formulas.call import contents
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.happened import verdict_lines, verdict_on
from gradstep.views.optimizer_rows import OptimizerView, ParameterRow, headers
from gradstep.views.reading import one, value_of
from gradstep.views.text import Line, Span, crop, fit, line, pad
from gradstep.views.updates import coming_update, recorded_update

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment

COLUMN: Final = 10
MOST_UPDATES: Final = 2000
MOST_ELEMENTS: Final = 300_000
"""Of larger parameters the change is not computed: it would hold up the screen."""
STATE_TITLES: Final = {
    "momentum_buffer": "|b|",
    "exp_avg": "|m|",
    "exp_avg_sq": "|v|",
    "max_exp_avg_sq": "|v max|",
    "square_avg": "|v|",
    "grad_avg": "|m|",
    "sum": "|s|",
}


def optimizer_view(
    moment: Moment,
    *,
    selected: int | None = None,
    element: tuple[int, ...] | None = None,
    width: int = 72,
    glyphs: Glyphs = UNICODE,
    live: Live | None = None,
    left_out: Collection[int] = (),
    skips_step: bool = False,
) -> OptimizerView:
    """Show all optimizers; `selected` is a parameter's tensor id (default: the event's own).

    Before a step the rows are what is to come, the worst first; `live` are figures that the
    script's process worked out, `left_out` the parameters that the user has marked to be skipped.
    """
    optimizers = moment.optimizers()
    if not optimizers:
        return OptimizerView((), (), (), (), _none_yet(width))
    items = coming(moment, live) if stands_before_update(moment) else []
    if any(each.lineage is not None for each in items):
        view = ComingView(moment, items, element, width, glyphs)
        return view.made(selected, left_out, skips_step=skips_step)
    held = [
        (optimizer, param)
        for optimizer in optimizers
        for group in optimizer.groups
        for param in group.get("params", ())
    ]
    if selected is None:
        about = one(moment.run.tensors(moment.seq), "param")
        selected = about.tensor if about else None
    if selected not in {param for _, param in held}:
        selected = held[0][1] if held else None
    updates = _without_stale(moment, _latest_updates(moment, len(held)))
    states = _state_names(moment, held)
    names = {param: moment.name(param) for _, param in held}
    first = min(max((len(name) for name in names.values()), default=5), 20) + 1
    first = max(first, 7)
    shown = states[: max(0, (width - first - 3 * COLUMN - 2) // COLUMN)]
    rows = tuple(
        _row(
            moment,
            optimizer,
            param,
            names[param],
            first,
            shown,
            updates,
            param == selected,
            width,
            glyphs,
        )
        for optimizer, param in held
    )
    formula = _formula(moment, held, selected, updates, element, width, glyphs)
    return OptimizerView(
        tuple(crop(text, width) for text in headers(moment, optimizers)),
        _titles(first, shown, width, glyphs),
        rows,
        formula,
        (),
    )


def _none_yet(width: int) -> tuple[Line, ...]:
    lines = (
        line(("no optimizer yet", "bold")),
        line(("It appears when the script makes one, such as SGD(params, lr=0.1).", "dim")),
        line(("It is given the parameters, never the loss: backward() writes", "dim")),
        line(("each parameter's .grad, and step() reads it.", "dim")),
    )
    return tuple(crop(text, width) for text in lines)


def _titles(first: int, states: list[str], width: int, glyphs: Glyphs) -> Line:
    theta = glyphs.theta
    columns = [
        f"|{theta}|",
        "|grad|",
        *(STATE_TITLES.get(s, s) for s in states),
        f"|{glyphs.step}|/|{theta}|",
    ]
    text = " " + fit("param", first) + "".join(fit(c, COLUMN, right=True) for c in columns)
    return pad(line((text, "dim")), width)


def _row(
    moment: Moment,
    optimizer: OptimizerState,
    param: int,
    name: str,
    first: int,
    states: list[str],
    updates: dict[tuple[int, int], EventRow],
    selected: bool,
    width: int,
    glyphs: Glyphs,
) -> ParameterRow:
    value = moment.value(param)
    state = moment.grad(param)
    grad = moment.value(state.tensor) if state.tensor is not None else None
    by_name = {entry.name: entry for entry in moment.state(optimizer.id, param)}
    spans = [
        Span(glyphs.selected if selected else " ", "accent"),
        Span(fit(name, first), "bold" if selected else "leaf"),
        _number(value.norm if value else None),
    ]
    if state.tensor is None:
        spans.append(Span(fit("None", COLUMN, right=True), "dim"))
    else:
        spans.append(_number(grad.norm if grad else None, "backward"))
    for entry_name in states:
        entry = by_name.get(entry_name)
        held = moment.value(entry.tensor) if entry and entry.tensor is not None else None
        spans.append(_number(held.norm if held else entry.number if entry else None))
    last = updates.get((optimizer.id, param))
    spans.append(_number(_relative_change(moment, last), "step"))
    if last is not None:
        spans.append(_mark(moment, last, glyphs))
    painted = pad(tuple(spans), width)
    return ParameterRow(param, optimizer.id, name, painted, selected)


def _mark(moment: Moment, update: EventRow, glyphs: Glyphs) -> Span:
    """Say in one glyph whether an update was what its formula gives."""
    check = verdict_on(moment, update).check
    if check is None:
        return Span("  ", "dim")
    return (
        Span(f" {glyphs.tick}", "success") if check.is_fine else Span(f" {glyphs.cross}", "error")
    )


def _number(value: float | None, style: str = "") -> Span:
    return Span(
        fit(numbers.short(value), COLUMN, right=True), style if value is not None else "dim"
    )


def _latest_updates(moment: Moment, wanted: int) -> dict[tuple[int, int], EventRow]:
    """Find each parameter's last update by now, looking back a bounded way."""
    found: dict[tuple[int, int], EventRow] = {}
    rows = moment.run.events_before(moment.seq + 1, kinds=("updated",))
    for looked, row in enumerate(rows):
        if len(found) >= wanted or looked > min(MOST_UPDATES, 4 * wanted + 8):
            break
        param = one(moment.run.tensors(row.seq), "param")
        if param is not None and param.tensor is not None:
            found.setdefault((int(row.detail.get("optimizer", 0)), param.tensor), row)
    return found


def _without_stale(
    moment: Moment, updates: dict[tuple[int, int], EventRow]
) -> dict[tuple[int, int], EventRow]:
    """Drop updates of parameters that their optimizer's last finished step skipped."""
    last: dict[int, int] = {}
    wanted = {optimizer for optimizer, _ in updates}
    rows = moment.run.events_before(moment.seq + 1, kinds=("phase_exited",))
    for looked, row in enumerate(rows):
        if wanted <= last.keys() or looked > MOST_UPDATES:
            break
        if row.phase == "step":
            last.setdefault(int(row.detail.get("optimizer") or 0), row.enclosing)
    return {key: row for key, row in updates.items() if row.seq > last.get(key[0], 0)}


def _relative_change(moment: Moment, row: EventRow | None) -> float | None:
    if row is None:
        return None
    tensors = moment.run.tensors(row.seq)
    value = value_of(moment, one(tensors, "before"))
    if value is None or math.prod(value.shape) > MOST_ELEMENTS:
        return None
    before = contents(value)
    after = contents(value_of(moment, one(tensors, "param")))
    if before is None or after is None:
        return None
    size = float((before**2).sum()) ** 0.5
    change = float(((after - before) ** 2).sum()) ** 0.5
    return change / size if size else None


def _state_names(moment: Moment, held: list[tuple[OptimizerState, int]]) -> list[str]:
    names: dict[str, None] = {}
    for optimizer, param in held[:8]:
        for entry in moment.state(optimizer.id, param):
            if entry.name != "step":
                names.setdefault(entry.name)
    return list(names)


def _formula(
    moment: Moment,
    held: list[tuple[OptimizerState, int]],
    selected: int | None,
    updates: dict[tuple[int, int], EventRow],
    element: tuple[int, ...] | None,
    width: int,
    glyphs: Glyphs,
) -> tuple[Line, ...]:
    """Work one element out: the coming step if the gradient is newer than the last update."""
    optimizer = next((o for o, p in held if p == selected), None)
    if optimizer is None or selected is None:
        return ()
    draft = Draft(moment, moment.seq, width, glyphs, element)
    name = moment.name(selected)
    last = updates.get((optimizer.id, selected))
    state = moment.grad(selected)
    grad = moment.value(state.tensor) if state.tensor is not None else None
    fresh = grad is not None and (last is None or max(state.seq, grad.seq) > last.seq)
    if last is not None and not fresh:
        update = recorded_update(moment, last)
        title = f"last step, event {numbers.count(last.seq)}"
    else:
        update = coming_update(moment, optimizer, selected)
        title = "the next step would be"
    if update is None and state.tensor is None:
        draft.add((f"{name}.grad is None", "bold"))
        draft.say(
            "It was cleared, or no backward has reached this tensor yet: step() would skip it."
        )
        return tuple(draft.rows)
    if update is None:
        draft.say("Contents were not recorded, so the rule cannot be worked out.")
        if last is not None and not fresh:
            for row in verdict_lines(verdict_on(moment, last), glyphs):
                draft.add(*((span.text, span.style) for span in row))
        return tuple(draft.rows)
    draft.add((title, "dim"), indent=1)
    write_update(draft, name, update, chosen(draft.element, update.grad))
    if last is not None and not fresh:
        for row in verdict_lines(verdict_on(moment, last), glyphs):
            draft.add(*((span.text, span.style) for span in row))
    return tuple(draft.rows)
