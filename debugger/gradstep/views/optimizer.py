"""The optimizer: its groups, what it keeps per parameter, and one element's update in numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from gradstep.trace.parameters import names_of
from gradstep.views import numbers
from gradstep.views.cards.card import Draft, chosen
from gradstep.views.cards.update import write_update
from gradstep.views.coming import Live, coming, stands_before_update
from gradstep.views.coming_view import ComingView
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.happened import verdict_lines, verdict_on
from gradstep.views.lazy_rows import LazyRows
from gradstep.views.optimizer_figures import FigureBook, Figures
from gradstep.views.optimizer_rows import NAME_WIDTH, OptimizerView, ParameterRow, headers
from gradstep.views.optimizer_sort import UNSORTED, Sort
from gradstep.views.optimizer_trend import STEPS
from gradstep.views.reading import one
from gradstep.views.text import (
    Line,
    Span,
    cells,
    crop,
    fit,
    line,
    pad,
    shorten_path,
    width_of,
    wrap,
)
from gradstep.views.updates import coming_update, recorded_update

if TYPE_CHECKING:
    from gradstep.protocol.row import EventRow
    from gradstep.trace.model import OptimizerState
    from gradstep.trace.moment import Moment

COLUMN: Final = 9
MOST_NAMED: Final = 300
"""Of more parameters the names are not measured: their column gets the most it can have."""
TREND_WIDTH: Final = STEPS + 1
WORST: Final = "worst"
"""What the rows can be sorted by beside their columns."""
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
    sort: Sort = UNSORTED,
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
        view = ComingView(moment, items, element, width, glyphs, sort)
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
    states = _state_names(moment, held)
    # Of so many names one is long: the column is as wide as it gets.
    most = max(NAME_WIDTH, width // 3)
    named = [param for _, param in held] if len(held) <= MOST_NAMED else []
    longest = max(map(cells, names_of(moment, named).values()), default=most)
    first = max(min(longest, most) + 1, 7)
    room = width - first - 3 * COLUMN - 3 - TREND_WIDTH
    shown = states[: max(0, room // COLUMN)]
    book = FigureBook(moment, held, shown)
    theta = glyphs.theta
    titles = {
        "param": "param",
        "norm": f"|{theta}|",
        "grad": "|grad|",
        **{name: STATE_TITLES.get(name, name) for name in shown},
        "ratio": f"|{glyphs.step}|/|{theta}|",
    }
    columns = (*dict.fromkeys(titles.values()), WORST)
    keys = _keys(book, sort, titles)
    order = sort.ordered(range(len(held)), lambda number: keys[number])
    chosen_one = next((number for number in order if held[number][1] == selected), None)

    def made(place: int) -> ParameterRow:
        number = order[place]
        optimizer, param = held[number]
        name, is_chosen = moment.name(param), param == selected
        row = _row(book.of(number), name, first, shown, is_chosen, width, glyphs)
        return ParameterRow(param, optimizer.id, name, row, is_chosen)

    last = None if chosen_one is None else book.last_update(chosen_one)
    return OptimizerView(
        tuple(crop(text, width) for text in headers(moment, optimizers)),
        _titles(first, list(titles.values()), sort, width, glyphs),
        LazyRows(len(held), made),
        _formula(moment, held, selected, last, element, width, glyphs),
        (),
        columns,
        0 if chosen_one is None else order.index(chosen_one),
    )


def _keys(book: FigureBook, sort: Sort, titles: Mapping[str, str]) -> Sequence[float | str | None]:
    """Give what each row is sorted by."""
    if sort.by == "param":
        return book.names()
    if sort.by == WORST:
        return book.badness()
    by = next((name for name, title in titles.items() if title == sort.by), None)
    return [None] * len(book.held) if by is None else book.column(by)


def _none_yet(width: int) -> tuple[Line, ...]:
    texts = (
        "It appears when the script makes one, such as SGD(params, lr=0.1).",
        "It is given the parameters, never the loss: backward() writes each parameter's .grad, and"
        " step() reads it.",
    )
    found = [crop(line(("no optimizer yet", "bold")), width)]
    for text in texts:
        words = [line((word + " ", "dim")) for word in text.split()]
        found += [crop(row, width) for row in wrap(words, width, indent=0)]
    return tuple(found)


def _titles(first: int, titles: list[str], sort: Sort, width: int, glyphs: Glyphs) -> Line:
    name, *columns = (sort.titled(title, glyphs) for title in titles)
    text = " " + fit(name, first) + "".join(fit(c, COLUMN, right=True) for c in columns)
    tail = f"   {WORST} first" if sort.by == WORST and not sort.is_reversed else ""
    return pad(crop(line((text + tail, "dim")), width), width)


def _row(
    each: Figures,
    name: str,
    first: int,
    states: list[str],
    selected: bool,
    width: int,
    glyphs: Glyphs,
) -> Line:
    spans = [
        Span(glyphs.selected if selected else " ", "accent"),
        Span(fit(shorten_path(name, first - 1), first), "bold" if selected else "leaf"),
        _number(each.numbers["norm"]),
    ]
    if each.has_grad:
        spans.append(_number(each.numbers["grad"], "backward"))
    else:
        spans.append(Span(fit("None", COLUMN, right=True), "dim"))
    spans += [_number(each.numbers[state]) for state in states]
    spans.append(_number(each.numbers["ratio"], "step"))
    if each.is_updated or each.course:
        # One glyph says whether the update was what its formula gives.
        sign = {None: "  ", True: f" {glyphs.tick}", False: f" {glyphs.cross}"}[each.check]
        spans.append(Span(sign, "error" if each.check is False else "success"))
    if len(each.course) > 1:
        left = width - width_of(tuple(spans)) - 1
        if left >= 2:
            drawn = numbers.sparkline(each.course, min(TREND_WIDTH - 1, left), glyphs)
            spans.append(Span(f" {drawn}", "step"))
    return pad(crop(tuple(spans), width), width)


def _number(value: float | None, style: str = "") -> Span:
    if value is not None and not math.isfinite(value):
        style = "error bold"
    return Span(
        fit(numbers.short(value), COLUMN, right=True), style if value is not None else "dim"
    )


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
    last: EventRow | None,
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
    state = moment.grad(selected)
    grad = moment.statistics(state.tensor) if state.tensor is not None else None
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
