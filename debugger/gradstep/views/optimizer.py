"""The optimizer: its groups, what it keeps per parameter, and one element's update in numbers."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gradstep.views import numbers
from gradstep.views.cards.card import Draft, chosen
from gradstep.views.cards.update import write_update
from gradstep.views.coming import Live, coming, stands_before_update
from gradstep.views.coming_view import ComingView
from gradstep.views.glyphs import UNICODE, Glyphs
from gradstep.views.happened import verdict_lines, verdict_on
from gradstep.views.optimizer_rows import NAME_WIDTH, OptimizerView, ParameterRow, headers
from gradstep.views.optimizer_sort import UNSORTED, Sort
from gradstep.views.optimizer_trend import MOST_TOGETHER, STEPS, course, relative_change
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
    from gradstep.trace.model import OptimizerState, TensorValue
    from gradstep.trace.moment import Moment

COLUMN: Final = 9
MOST_UPDATES: Final = 2000
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
    updates = _without_stale(moment, _latest_updates(moment, len(held)))
    states = _state_names(moment, held)
    names = {param: moment.name(param) for _, param in held}
    first = min(max(map(cells, names.values()), default=5), max(NAME_WIDTH, width // 3)) + 1
    first = max(first, 7)
    room = width - first - 3 * COLUMN - 3 - TREND_WIDTH
    shown = states[: max(0, room // COLUMN)]
    figures = _figures(moment, held, shown, updates)
    theta = glyphs.theta
    titles = {
        "param": "param",
        "norm": f"|{theta}|",
        "grad": "|grad|",
        **{name: STATE_TITLES.get(name, name) for name in shown},
        "ratio": f"|{glyphs.step}|/|{theta}|",
    }
    columns = (*dict.fromkeys(titles.values()), WORST)
    by_title = {title: name for name, title in titles.items()}
    named = {(each.optimizer.id, each.param): names[each.param] for each in figures}

    def key(each: Figures) -> float | str | None:
        if sort.by == "param":
            return named[each.optimizer.id, each.param]
        return each.badness if sort.by == WORST else each.numbers.get(by_title.get(sort.by, ""))

    rows = tuple(
        ParameterRow(
            each.param,
            each.optimizer.id,
            names[each.param],
            _row(each, names[each.param], first, shown, each.param == selected, width, glyphs),
            each.param == selected,
        )
        for each in sort.ordered(figures, key)
    )
    formula = _formula(moment, held, selected, updates, element, width, glyphs)
    return OptimizerView(
        tuple(crop(text, width) for text in headers(moment, optimizers)),
        _titles(first, list(titles.values()), sort, width, glyphs),
        rows,
        formula,
        (),
        columns,
    )


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


@dataclass(frozen=True, slots=True)
class Figures:
    """What a row says of a parameter: norms by column, the course of its changes, its update."""

    optimizer: OptimizerState
    param: int
    numbers: Mapping[str, float | None]
    has_grad: bool
    course: tuple[float, ...]
    check: bool | None
    is_updated: bool

    @property
    def badness(self) -> float:
        """What the worst has most of: a wrong update, NaN or Inf, then the largest change."""
        if self.check is False:
            return math.inf
        odd = [n for n in self.numbers.values() if n is not None and not math.isfinite(n)]
        return math.nan if odd else self.numbers.get("ratio") or 0.0


def _figures(
    moment: Moment,
    held: list[tuple[OptimizerState, int]],
    states: list[str],
    updates: dict[tuple[int, int], EventRow],
) -> list[Figures]:
    found, left = [], MOST_TOGETHER
    for optimizer, param in held:
        value, state = moment.value(param), moment.grad(param)
        grad = moment.value(state.tensor) if state.tensor is not None else None
        by_name = {entry.name: entry for entry in moment.state(optimizer.id, param)}
        numbers_of: dict[str, float | None] = {"norm": _norm(value), "grad": _norm(grad)}
        for name in states:
            entry = by_name.get(name)
            kept = moment.value(entry.tensor) if entry and entry.tensor is not None else None
            numbers_of[name] = _norm(kept) if kept else entry.number if entry else None
        last = updates.get((optimizer.id, param))
        numbers_of["ratio"] = relative_change(moment.run, last.seq) if last is not None else None
        size = math.prod(value.shape) if value is not None else 0
        trend, left = course(moment, param, size, left)
        check = verdict_on(moment, last).check if last is not None else None
        found.append(
            Figures(
                optimizer,
                param,
                numbers_of,
                state.tensor is not None,
                tuple(trend),
                None if check is None else check.is_fine,
                last is not None,
            )
        )
    return found


def _norm(value: TensorValue | None) -> float | None:
    """Give a tensor's norm; of one with NaN or Inf there is none that is finite."""
    if value is None:
        return None
    return math.nan if value.nan else math.inf if value.inf else value.norm


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
