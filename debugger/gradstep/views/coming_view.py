"""The optimizer pane before a step: the rows, and under the selected one all that is known."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gradstep.views.cards.card import Draft, chosen
from gradstep.views.cards.update import write_update
from gradstep.views.coming import Coming
from gradstep.views.coming_rows import (
    column_titles,
    coming_line,
    coming_titles,
    total_line,
    write_figures,
)
from gradstep.views.glyphs import Glyphs
from gradstep.views.lazy_rows import LazyRows
from gradstep.views.optimizer_rows import NAME_WIDTH, OptimizerView, ParameterRow, headers
from gradstep.views.optimizer_sort import UNSORTED, Sort
from gradstep.views.reading import one
from gradstep.views.text import Line, cells, crop
from gradstep.views.updates import coming_update

if TYPE_CHECKING:
    from gradstep.trace.moment import Moment


@dataclass(frozen=True, slots=True)
class ComingView:
    """The pane before a step."""

    moment: Moment
    items: list[Coming]
    element: tuple[int, ...] | None
    width: int
    glyphs: Glyphs
    sort: Sort = UNSORTED

    def made(
        self, selected: int | None, left_out: Collection[int], *, skips_step: bool
    ) -> OptimizerView:
        """Make the view; the worst row is selected where none is."""
        titles = column_titles(self.glyphs)
        items, width = self.sort.ordered(self.items, self._key(titles)), self.width
        if selected not in {each.param for each in items}:
            about = one(self.moment.run.tensors(self.moment.seq), "param")
            first_open = next((each for each in self.items if not each.done), items[0])
            selected = about.tensor if about is not None else None
            if selected not in {each.param for each in items if not each.done}:
                selected = first_open.param
        first = max(
            7, min(max(cells(each.name) for each in items), max(NAME_WIDTH, width // 3)) + 1
        )

        def row(number: int) -> ParameterRow:
            each = items[number]
            is_chosen = each.param == selected
            text = coming_line(
                each,
                first=first,
                width=width,
                glyphs=self.glyphs,
                selected=is_chosen,
                left_out=left_out,
            )
            return ParameterRow(each.param, each.optimizer.id, each.name, text, is_chosen)

        at, chosen_one = next((n, one) for n, one in enumerate(items) if one.param == selected)
        optimizers = list({each.optimizer.id: each.optimizer for each in items}.values())
        titled = [crop(text, width) for text in headers(self.moment, optimizers)]
        titled += total_line(items, skips_step=skips_step, width=width)
        named = coming_titles(first, width, self.glyphs, self.sort)
        rows, formula = LazyRows(len(items), row), self._formula(chosen_one)
        return OptimizerView(tuple(titled), named, rows, formula, (), titles, at)

    def _key(self, titles: tuple[str, ...]) -> Callable[[Coming], float | str | None]:
        """Give what the rows are sorted by; by themselves they have the worst first."""
        place = titles.index(self.sort.by) if self.sort.by in titles else 0

        def key(each: Coming) -> float | str | None:
            made = each.figures
            if place == 0:
                return each.name
            if made is None:
                return None
            return (made.grad, made.change, made.ratio, made.descent)[place - 1]

        return key

    def _formula(self, each: Coming) -> tuple[Line, ...]:
        moment = self.moment
        draft = Draft(moment, moment.seq, self.width, self.glyphs, self.element)
        if each.lineage is None:
            draft.add((f"{each.name}.grad is None", "bold"))
            draft.say(
                "It was cleared, or no backward has reached this tensor yet: step() would skip it."
            )
            return tuple(draft.rows)
        if each.done:
            return ()
        draft.add(("the next step would be", "dim"), indent=1)
        write_figures(draft, each)
        update = coming_update(moment, each.optimizer, each.param)
        if update is not None:
            write_update(draft, each.name, update, chosen(self.element, update.grad))
        return tuple(draft.rows)
