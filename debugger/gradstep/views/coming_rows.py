"""The optimizer pane before a step: a row per parameter with what is about to happen to it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gradstep.views import numbers
from gradstep.views.cards.card import Draft
from gradstep.views.cards.preview import figure_parts
from gradstep.views.coming import Coming, marks, percent, stale_text, total_descent
from gradstep.views.glyphs import Glyphs
from gradstep.views.optimizer_sort import UNSORTED, Sort
from gradstep.views.text import Line, Span, crop, fit, line, pad, shorten_path

COLUMN: Final = 9


def column_titles(glyphs: Glyphs) -> tuple[str, ...]:
    """Give the titles of the columns, the names' first."""
    theta, delta = glyphs.theta, glyphs.step
    return "param", "|grad|", f"|{delta}|", f"|{delta}|/|{theta}|", f"g{glyphs.times}{delta}"


def coming_titles(first: int, width: int, glyphs: Glyphs, sort: Sort = UNSORTED) -> Line:
    """Set the titles over their columns; the one that is sorted by is marked."""
    name, *columns = (sort.titled(title, glyphs) for title in column_titles(glyphs))
    text = " " + fit(name, first) + "".join(fit(c, COLUMN, right=True) for c in columns)
    return pad(crop(line((text, "dim")), width), width)


def coming_line(
    each: Coming,
    *,
    first: int,
    width: int,
    glyphs: Glyphs,
    selected: bool,
    left_out: Collection[int],
) -> Line:
    """Give the row of one parameter."""
    name = Span(fit(shorten_path(each.name, first - 1), first), "bold" if selected else "leaf")
    spans = [Span(glyphs.selected if selected else " ", "accent"), name]
    made = each.figures
    if each.param in left_out or each.done == "skipped":
        spans.append(Span("  skipped by the user", "warning"))
    elif each.done:
        spans.append(Span("  changed already", "dim"))
    elif made is None:
        spans.append(Span(f"  {each.why}", "dim"))
    else:
        ratio = "–" if made.ratio is None or made.is_all_odd else percent(made.ratio)
        sizes = (made.grad, made.change, made.descent)
        grad, change, descent = ("–" if made.is_all_odd else numbers.short(one) for one in sizes)
        columns = [
            (grad, "backward"),
            (change, "step"),
            (ratio, "step bold"),
            (descent, ""),
        ]
        spans += [Span(fit(text, COLUMN, right=True), style) for text, style in columns]
        spans += _brief(each, glyphs)
    return pad(crop(tuple(spans), width), width)


def _brief(each: Coming, glyphs: Glyphs) -> list[Span]:
    """Say what is remarkable in a word or two: the rest stands under the selected row."""
    made = each.figures
    found: list[Span] = []
    if made is not None and made.odd:
        found.append(Span(f" {glyphs.warning}NaN", "error"))
    if stale_text(each):
        share = "" if each.stale is None else f" {percent(each.stale)}"
        found.append(Span(f" {glyphs.warning}stale{share}", "warning"))
    if made is not None and made.flips:
        found.append(Span(f" {numbers.count(made.flips)} flip{'s' * (made.flips != 1)}", "dim"))
    if each.clipped.startswith("clipped"):
        found.append(Span(" clipped", "dim"))
    return found


def write_figures(draft: Draft, each: Coming) -> None:
    """Write all that is known of one update to come."""
    if each.figures is not None and not each.figures.is_all_odd:
        draft.add(*(line((f"{part}  ", "")) for part in figure_parts(each.figures)))
    elif each.why:
        draft.say(each.why)
    found = marks(each, draft.glyphs)
    if found:
        draft.add(*(line(span, "  ") for span in found))


def total_line(items: list[Coming], *, skips_step: bool, width: int) -> list[Line]:
    """Say what the step would do to the loss, or that it is to be skipped."""
    if skips_step:
        return [crop(line((" the rest of this step is skipped", "warning bold")), width)]
    total = total_descent(items)
    if total is None:
        return []
    text = f"g·Δ {numbers.number(total)}"
    told = " next step, to first order: the loss changes by "
    return [crop(line((told, "dim"), (text, "bold")), width)]
